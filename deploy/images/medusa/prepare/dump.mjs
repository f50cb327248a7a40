import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"

import { inTransaction } from "./database.mjs"
import { Failure, say } from "./log.mjs"

const DUMP = new URL("../prepared.sql.gz", import.meta.url)

/** Whether this image, or an older one of ours, has filled the database. */
export async function isOurs(client) {
  const { rows } = await client.query("SELECT to_regclass('storeplane.state') IS NOT NULL AS ours")
  return rows[0].ours
}

async function tableCount(client) {
  const { rows } = await client.query("SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'")
  return rows[0].n
}

/** Fills an empty database with the schema and the goods that build.py prepared; minutes of migrations, once. */
export async function restoreWhenEmpty(client) {
  if (await isOurs(client)) {
    return
  }
  const tables = await tableCount(client)
  if (tables > 0) {
    throw new Failure(
      `the database has ${tables} tables that this image did not make: give the store an empty database, ` +
        "or one that Storeplane made"
    )
  }
  const begun = performance.now()
  const sql = (await promisify(gunzip)(await readFile(DUMP))).toString("utf8")
  // The dump's own settings are SET LOCAL: they end with the transaction.
  await inTransaction(client, () => client.query(sql))
  say(`restored the prepared database in ${((performance.now() - begun) / 1000).toFixed(2)} s`)
}
