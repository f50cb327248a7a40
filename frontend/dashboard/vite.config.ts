import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Addresses of the platform, for `npm run dev`; built, the platform itself serves the dashboard. */
const platformPaths = "stores names operations engines plans tenants tokens audit me health api-auth".split(" ");
const platform = process.env["STOREPLANE_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: Object.fromEntries(platformPaths.map((path) => [`/${path}`, { target: platform, ws: true }])) },
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "http://localhost:8000/" } },
    setupFiles: ["test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // The first test of a file pays for loading everything, on machines that do other things, too.
    testTimeout: 60_000,
  },
});
