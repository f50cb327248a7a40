import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Bundles the shop's web server with its one dependency, so that the image needs no node_modules. */
export default defineConfig({
  publicDir: false,
  resolve: { alias: { sirv: fileURLToPath(import.meta.resolve("sirv")) } },
  ssr: { noExternal: true },
  build: {
    ssr: fileURLToPath(new URL("../../deploy/images/storefront/server.mjs", import.meta.url)),
    target: "node20",
    minify: false,
    rolldownOptions: { output: { entryFileNames: "server.mjs" } },
  },
});
