// @ts-check
/**
 * Serves the shop of one store. Settings come from the environment: HOST, PORT, STOREFRONT_CONFIG (a JSON file),
 * PUBLISHABLE_KEY (merged into /config.json, because Helm's values hold no key).
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createSite } from "./site.mjs";

const {
  HOST = "0.0.0.0",
  PORT = "8080",
  STOREFRONT_CONFIG,
  PUBLISHABLE_KEY,
} = process.env;
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "public");

const server = start();

function start() {
  try {
    return createSite({
      root,
      configFile: STOREFRONT_CONFIG,
      publishableKey: PUBLISHABLE_KEY,
    });
  } catch (error) {
    console.error(
      `The shop can't start: ${error instanceof Error ? error.message : error}`,
    );
    process.exit(1);
  }
}

server.on("error", (error) => {
  console.error(`The shop can't listen on ${HOST}:${PORT}: ${error.message}`);
  process.exit(1);
});
server.listen(Number(PORT), HOST, () =>
  console.log(`shop on http://${HOST}:${PORT}`),
);

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    // Kubernetes has taken the pod out of the Service by now; idle keep-alive connections must not hold it.
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
