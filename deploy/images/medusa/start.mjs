/** Starts Medusa in this process: the `medusa start` command without the command-line parser around it. */
import { createRequire } from "node:module"
import { dirname, join, sep } from "node:path"
import { fileURLToPath } from "node:url"

import { playBack, record } from "./start/code-cache.mjs"

const STOP_WITHIN_MS = 1500
const directory = dirname(fileURLToPath(import.meta.url))
const pack = join(directory, "code-cache.bin")
// Set by build.py only: start once, warm up, write the pack, leave.
const recording = process.env.RECORD_CODE_CACHE === "true"
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

/** The first right answer, as the probes ask for it. */
async function warmUp(host, port) {
  const answer = await fetch(`http://${host}:${port}/ready`)
  const said = await answer.text()
  if (answer.status !== 200 || JSON.parse(said).closed) {
    throw new Error(`/ready answered ${answer.status}: ${said}`)
  }
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, stop)
}

process.chdir(directory)
process.env.NODE_ENV ||= "production"
process.env.MEDUSA_DISABLE_TELEMETRY ||= "true"
// Medusa's default logs every request, the probes' too.
process.env.LOG_LEVEL ||= "warn"
const host = process.env.HOST || "0.0.0.0"
const port = Number(process.env.PORT || 9000)

const write = recording ? record(pack, directory + sep) : undefined
const cached = recording ? 0 : playBack(pack, directory + sep)
console.log(`starting Medusa on Node ${process.version}, ${cached} modules from the code cache`)
const { default: start } = createRequire(import.meta.url)("@medusajs/medusa/commands/start")
await start({ directory, host, port, types: false })
serving = true
console.log(`serving on ${host}:${port} after ${(performance.now() / 1000).toFixed(1)} s`)

if (write) {
  await warmUp(host, port)
  console.log(`recorded ${write()} modules`)
  process.exit(0)
}
