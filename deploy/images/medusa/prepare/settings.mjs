import { Failure } from "./log.mjs"

function need(env, name) {
  if (!env[name]) {
    throw new Failure(`${name} is not set: the container needs it from the store's Secret or its values`)
  }
  return env[name]
}

/** Where the database is; fails with one sentence that names the variable, never its value. */
export function readDatabase(env) {
  return {
    host: need(env, "DATABASE_HOST"),
    port: Number(env.DATABASE_PORT || 5432),
    database: env.DATABASE_NAME || "medusa",
    user: env.DATABASE_USER || "medusa",
    password: env.DATABASE_PASSWORD || "",
    ssl: env.DATABASE_SSL === "true",
    waitSeconds: Number(env.DATABASE_WAIT_SECONDS || 180),
  }
}

/** What the environment asks for; fails as `readDatabase` does. */
export function readSettings(env) {
  const publishableKey = need(env, "PUBLISHABLE_KEY")
  if (!/^pk_[0-9a-f]{64}$/.test(publishableKey)) {
    throw new Failure("PUBLISHABLE_KEY must be pk_ and 64 hexadecimal digits, as Medusa makes them")
  }
  const adminEmail = need(env, "ADMIN_EMAIL")
  if (!/^[^@\s]+@[^@\s]+$/.test(adminEmail)) {
    throw new Failure("ADMIN_EMAIL is not an e-mail address")
  }
  return {
    database: readDatabase(env),
    // How long an older database is left to the migration of its own (migrate.mjs) before it is migrated here.
    migrationWaitSeconds: Number(env.MIGRATION_WAIT_SECONDS || 0),
    store: {
      name: need(env, "STORE_NAME"),
      publishableKey,
      adminEmail,
      adminPassword: need(env, "ADMIN_PASSWORD"),
    },
  }
}
