import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

import { Failure, say } from "./log.mjs"

const APP = fileURLToPath(new URL("..", import.meta.url))
const CLI = fileURLToPath(new URL("../node_modules/@medusajs/cli/cli.js", import.meta.url))

/** Negative when `a` is the older release; both as in "2.18.0". */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number))
  const at = [0, 1, 2].find((part) => left[part] !== right[part])
  return at === undefined ? 0 : left[at] - right[at]
}

function runMigrations() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, "db:migrate", "--execute-safe-links"], {
      cwd: APP,
      stdio: ["ignore", "inherit", "inherit"],
      // Outside production Medusa's program looks for a TypeScript compiler, which the image lacks.
      env: { ...process.env, NODE_ENV: "production", LOG_LEVEL: process.env.LOG_LEVEL || "warn" },
    })
    const stop = () => child.kill("SIGKILL")
    process.once("exit", stop)
    child.on("error", reject)
    child.on("exit", (code, signal) => {
      process.removeListener("exit", stop)
      if (code === 0) {
        resolve()
      } else {
        reject(new Failure(`medusa db:migrate failed (${signal ?? `exit code ${code}`}): its messages are above`))
      }
    })
  })
}

/** Brings a store that was born with an older image up to this one; never the other way. */
export async function migrateWhenOlder(client) {
  const image = JSON.parse(await readFile(new URL("../version.json", import.meta.url), "utf8")).medusa
  const { rows } = await client.query("SELECT medusa_version FROM storeplane.state")
  const order = compareVersions(rows[0].medusa_version, image)
  if (order > 0) {
    throw new Failure(
      `the database was written by Medusa ${rows[0].medusa_version} and this image is ${image}: ` +
        "run the newer image, a schema can't go back"
    )
  }
  if (order < 0) {
    say(`migrating the database from Medusa ${rows[0].medusa_version} to ${image}`)
    await runMigrations()
    await client.query("UPDATE storeplane.state SET medusa_version = $1", [image])
    say("migrated")
  }
}
