/** Starts Medusa in this process: the `medusa start` command without the command-line parser around it. */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

const STOP_WITHIN_MS = 1500
const directory = dirname(fileURLToPath(import.meta.url))
let serving = false

/** Medusa's own handlers close the server and the pool; they may wait for a slow answer, the cluster may not. */
function stop(signal) {
  if (!serving) {
    process.exit(0)
  }
  setTimeout(() => {
    console.log(`still busy ${STOP_WITHIN_MS} ms after ${signal}: leaving`)
    process.exit(0)
  }, STOP_WITHIN_MS).unref()
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, stop)
}

process.chdir(directory)
process.env.NODE_ENV ||= "production"
process.env.MEDUSA_DISABLE_TELEMETRY ||= "true"
// Medusa's default logs every request, the probes' too.
process.env.LOG_LEVEL ||= "warn"

const require = createRequire(import.meta.url)
const { default: start } = require("@medusajs/medusa/commands/start")
await start({ directory, host: process.env.HOST || "0.0.0.0", port: Number(process.env.PORT || 9000), types: false })
serving = true
console.log(`serving after ${performance.now().toFixed(0)} ms`)
