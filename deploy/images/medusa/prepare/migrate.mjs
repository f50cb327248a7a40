import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import { isOurs } from "./dump.mjs"
import { Failure, say } from "./log.mjs"

const APP = fileURLToPath(new URL("..", import.meta.url))
const CLI = fileURLToPath(new URL("../node_modules/@medusajs/cli/cli.js", import.meta.url))

/** Negative when `a` is the older release; both as in "2.18.0". */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number))
  const at = [0, 1, 2].find((part) => left[part] !== right[part])
  return at === undefined ? 0 : left[at] - right[at]
}

/** Medusa doesn't read its settings without these; a migration signs nothing, so it needn't know the store's own. */
const stubs = () => ({ JWT_SECRET: randomBytes(32).toString("hex"), COOKIE_SECRET: randomBytes(32).toString("hex") })
/** Medusa's program ends when it can't make a file of settings at home, which the container's user may not have. */
const home = { HOME: tmpdir(), XDG_CONFIG_HOME: join(tmpdir(), ".config") }

function runMigrations() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, "db:migrate", "--execute-safe-links"], {
      cwd: APP,
      stdio: ["ignore", "inherit", "inherit"],
      // Outside production Medusa's program looks for a TypeScript compiler, which the image lacks.
      env: { ...stubs(), ...process.env, ...home, NODE_ENV: "production", LOG_LEVEL: process.env.LOG_LEVEL || "warn" },
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

/** The releases that wrote the database and that this image holds, and how they compare. */
async function look(client) {
  const image = JSON.parse(await readFile(new URL("../version.json", import.meta.url), "utf8")).medusa
  const { rows } = await client.query("SELECT medusa_version FROM storeplane.state")
  const written = rows[0].medusa_version
  return { image, written, order: compareVersions(written, image) }
}

/**
 * Leaves an older database to the migration that an upgrade starts beside this (migrate.mjs), for `seconds` at most: where
 * none comes, as after a volume was restored from a backup, the caller migrates. Takes no lock.
 */
export async function waitWhileOlder(client, seconds) {
  const deadline = performance.now() + seconds * 1000
  let told = false
  while (seconds > 0 && (await isOurs(client)) && (await look(client)).order < 0) {
    if (performance.now() > deadline) {
      say(`no migration has come within ${seconds} s: doing it here`)
      return
    }
    if (!told) {
      say("the database is older than this image: waiting for its migration")
      told = true
    }
    await sleep(500)
  }
}

/** Brings a store that was born with an older image up to this one; never the other way. True when it did. */
export async function migrateWhenOlder(client) {
  const { image, written, order } = await look(client)
  if (order > 0) {
    throw new Failure(
      `the database was written by Medusa ${written} and this image is ${image}: ` +
        "run the newer image, a schema can't go back"
    )
  }
  if (order < 0) {
    say(`migrating the database from Medusa ${written} to ${image}`)
    await runMigrations()
    await client.query("UPDATE storeplane.state SET medusa_version = $1", [image])
    say("migrated")
  }
  return order < 0
}
