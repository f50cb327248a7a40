import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Paths that the ingress of a store sends to its backend; the same split while developing. */
const backendPaths = ["/store", "/auth", "/static", "/hooks"];
const backend = process.env["STORE_BACKEND"] ?? "http://127.0.0.1:9000";

export default defineConfig({
  plugins: [react()],
  // js-sdk ships source maps without their sources; in a test run each of its files would be a warning.
  logLevel: process.env["VITEST"] ? "error" : "info",
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  // The web server of the shop lies outside of the workspace, its one dependency within.
  resolve: { alias: { sirv: fileURLToPath(import.meta.resolve("sirv")) } },
  server: { proxy: Object.fromEntries(backendPaths.map((path) => [path, backend])) },
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "http://my-shop.localhost/" } },
    setupFiles: ["test/setup.ts"],
    include: ["{src,server-test}/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // The first test of a file pays for loading everything, on machines that do other things, too.
    testTimeout: 60_000,
  },
});
