import { createHash } from "node:crypto"

import { inTransaction } from "./database.mjs"
import { newId } from "./ids.mjs"
import { say } from "./log.mjs"
import { hashPassword } from "./password.mjs"

const sha256 = (text) => createHash("sha256").update(text).digest("hex")
// What Medusa shows of a key in its admin: the first six characters and the last three.
const redact = (key) => `${key.slice(0, 6)}***${key.slice(-3)}`

/** Writes the login as Medusa's `create-users-workflow` and its emailpass provider do. */
async function createAdmin(client, { adminEmail, adminPassword }) {
  const [userId, authId, providerId] = [newId("user"), newId("authid"), newId("pro")]
  const password = await hashPassword(adminPassword)
  await client.query(`INSERT INTO public."user" (id, email) VALUES ($1, $2)`, [userId, adminEmail])
  await client.query("INSERT INTO public.auth_identity (id, app_metadata) VALUES ($1, $2)", [
    authId,
    { user_id: userId },
  ])
  await client.query(
    `INSERT INTO public.provider_identity (id, entity_id, provider, auth_identity_id, provider_metadata)
     VALUES ($1, $2, 'emailpass', $3, $4)`,
    [providerId, adminEmail, authId, { password }]
  )
}

async function renameStore(client, name) {
  await client.query("UPDATE public.store SET name = $1, updated_at = now() WHERE deleted_at IS NULL", [name])
}

/** Gives the seeded key its own token; every store restored from the dump begins with the same one. */
async function replaceKey(client, keyId, key) {
  await client.query(
    `UPDATE public.api_key SET token = $2, redacted = $3, salt = '', title = 'Storefront', updated_at = now()
     WHERE id = $1`,
    [keyId, key, redact(key)]
  )
}

/**
 * Makes the shop this store's own. Each wish is carried out when it differs from the last one carried out, so
 * that a run again changes nothing a person has changed since, and a rename by the platform still arrives.
 * The login is made once only: from then on it belongs to the person.
 */
export async function claim(client, store) {
  const done = await inTransaction(client, async () => {
    const { rows } = await client.query("SELECT * FROM storeplane.state FOR UPDATE")
    const state = rows[0]
    const changes = []
    if (state.store_name !== store.name) {
      await renameStore(client, store.name)
      changes.push("name")
    }
    const keyHash = sha256(store.publishableKey)
    if (state.publishable_key_sha256 !== keyHash) {
      await replaceKey(client, state.publishable_key_id, store.publishableKey)
      changes.push("publishable key")
    }
    if (state.claimed_at === null) {
      await createAdmin(client, store)
      changes.push("admin login")
    }
    if (changes.length > 0) {
      await client.query(
        `UPDATE storeplane.state
         SET store_name = $1, publishable_key_sha256 = $2, claimed_at = coalesce(claimed_at, now())`,
        [store.name, keyHash]
      )
    }
    return changes
  })
  say(done.length > 0 ? `claimed: ${done.join(", ")}` : "already claimed, nothing to change")
}
