/**
 * Makes the database ready for this store, before Medusa starts. Safe to run again, and to run twice at once.
 *
 * 1. Waits for the server.  2. Restores the prepared dump when the database is empty.
 * 3. Migrates when the database is older than this image.  4. Makes the shop this store's own.
 */
import { claim } from "./prepare/claim.mjs"
import { connect, lock } from "./prepare/database.mjs"
import { restoreWhenEmpty } from "./prepare/dump.mjs"
import { Failure, say } from "./prepare/log.mjs"
import { migrateWhenOlder } from "./prepare/migrate.mjs"
import { readSettings } from "./prepare/settings.mjs"

async function prepare() {
  const settings = readSettings(process.env)
  const client = await connect(settings.database)
  try {
    await lock(client)
    await restoreWhenEmpty(client)
    await migrateWhenOlder(client)
    await claim(client, settings.store)
  } finally {
    await client.end()
  }
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  // Whatever was begun is rolled back by the server when the connection goes.
  process.on(signal, () => process.exit(143))
}

prepare().then(
  () => say("ready"),
  (error) => {
    say(error instanceof Failure ? error.message : `failed: ${error.stack ?? error}`)
    process.exitCode = 1
  }
)
