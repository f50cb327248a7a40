/**
 * Makes the database ready for this store, before Medusa starts. Safe to run again, and to run twice at once.
 *
 * 1. Waits for the server, and for the migration of an upgrade.  2. Restores the prepared dump when the database is empty.
 * 3. Migrates when the database is older than this image still.  4. Makes the shop this store's own.
 */
import { claim } from "./prepare/claim.mjs"
import { connect, lock } from "./prepare/database.mjs"
import { restoreWhenEmpty } from "./prepare/dump.mjs"
import { migrateWhenOlder, waitWhileOlder } from "./prepare/migrate.mjs"
import { run } from "./prepare/run.mjs"
import { readSettings } from "./prepare/settings.mjs"

async function prepare() {
  const settings = readSettings(process.env)
  const client = await connect(settings.database)
  try {
    await waitWhileOlder(client, settings.migrationWaitSeconds)
    await lock(client)
    await restoreWhenEmpty(client)
    await migrateWhenOlder(client)
    await claim(client, settings.store)
  } finally {
    await client.end()
  }
}

run(prepare)
