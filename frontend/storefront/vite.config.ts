import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Paths that the ingress of a store sends to its backend; the same split while developing. */
const backendPaths = ["/store", "/auth", "/static", "/hooks"];
const backend = process.env["STORE_BACKEND"] ?? "http://127.0.0.1:9000";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: Object.fromEntries(backendPaths.map((path) => [path, backend])) },
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "http://my-shop.localhost/" } },
    setupFiles: ["test/setup.ts"],
    include: ["{src,server-test}/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
