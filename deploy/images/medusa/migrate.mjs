/**
 * Brings a store's database up to this image: the Job that an upgrade starts. Safe to run again, and to run twice at once.
 *
 * It knows the database and nothing else of the store. An empty database is left to prepare.mjs, which fills it with a
 * schema that is of this image already.
 */
import { connect, lock } from "./prepare/database.mjs"
import { isOurs } from "./prepare/dump.mjs"
import { say } from "./prepare/log.mjs"
import { migrateWhenOlder } from "./prepare/migrate.mjs"
import { run } from "./prepare/run.mjs"
import { readDatabase } from "./prepare/settings.mjs"

async function migrate() {
  const client = await connect(readDatabase(process.env))
  try {
    await lock(client)
    if (!(await isOurs(client))) {
      say("nothing to migrate: the database isn't filled yet")
    } else if (!(await migrateWhenOlder(client))) {
      say("nothing to migrate: the database is of this image")
    }
  } finally {
    await client.end()
  }
}

run(migrate)
