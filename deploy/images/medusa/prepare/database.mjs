import { setTimeout as sleep } from "node:timers/promises"

import pg from "pg"

import { Failure, say } from "./log.mjs"

// Any constant: whoever prepares this database takes the same lock.
const LOCK = 7_411_206_118
const LOCK_WAIT_MINUTES = 10

// Waiting does not mend these: https://www.postgresql.org/docs/16/errcodes-appendix.html
const HOPELESS = new Map([
  ["28P01", "the database does not accept DATABASE_PASSWORD: the Secret and the volume do not belong together"],
  ["28000", "the database does not let DATABASE_USER in"],
  ["3D000", "the database DATABASE_NAME does not exist on the server"],
])

async function tryConnect({ waitSeconds: _, ...options }) {
  const client = new pg.Client({ ...options, connectionTimeoutMillis: 5000, application_name: "storeplane-prepare" })
  // Without a listener a connection lost later would crash the process with a stack instead of a sentence.
  client.on("error", () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
}

/** A connected client; waits at most `waitSeconds` for a server that is still starting. */
export async function connect(options) {
  const deadline = performance.now() + options.waitSeconds * 1000
  const where = `${options.host}:${options.port}`
  let pause = 50
  let told = ""
  for (;;) {
    try {
      const client = await tryConnect(options)
      say(`connected to the database at ${where}`)
      return client
    } catch (error) {
      const why = error.code ?? error.message
      if (HOPELESS.has(error.code)) {
        throw new Failure(`${where}: ${HOPELESS.get(error.code)}`)
      }
      if (performance.now() + pause > deadline) {
        throw new Failure(`no database at ${where} after ${options.waitSeconds} s (last answer: ${why})`)
      }
      if (told !== why) {
        say(`waiting for the database at ${where} (${why})`)
        told = why
      }
    }
    await sleep(pause)
    pause = Math.min(pause * 1.5, 1000)
  }
}

/** One prepare at a time: held until the connection ends, so that a killed one leaves no lock behind. */
export async function lock(client) {
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS taken", [LOCK])
  if (rows[0].taken) {
    return
  }
  say("another prepare is at work on this database; waiting for it")
  await client.query(`SET lock_timeout = '${LOCK_WAIT_MINUTES}min'`)
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK])
  } catch (error) {
    if (error.code === "55P03") {
      throw new Failure(`another prepare has held this database for ${LOCK_WAIT_MINUTES} minutes`)
    }
    throw error
  }
  await client.query("RESET lock_timeout")
}

/** Runs `work` in one transaction: all of it or nothing. */
export async function inTransaction(client, work) {
  await client.query("BEGIN")
  try {
    const result = await work()
    await client.query("COMMIT")
    return result
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {})
    throw error
  }
}
