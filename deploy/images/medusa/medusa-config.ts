import { defineConfig, Modules } from "@medusajs/framework/utils"

const env = process.env

/** The database's address from its parts, so that a password needs no escaping in a Secret. */
function databaseUrl(): string {
  const user = encodeURIComponent(env.DATABASE_USER ?? "medusa")
  const password = encodeURIComponent(env.DATABASE_PASSWORD ?? "")
  // A folder of a unix socket is a host too, once its slashes are escaped.
  const host = encodeURIComponent(env.DATABASE_HOST ?? "127.0.0.1")
  const name = encodeURIComponent(env.DATABASE_NAME ?? "medusa")
  return `postgres://${user}:${password}@${host}:${env.DATABASE_PORT ?? "5432"}/${name}`
}

/** Modules that survive a restart and let several processes run; in memory without Redis. */
function redisModules(url: string) {
  return [
    { resolve: "@medusajs/medusa/cache-redis", key: Modules.CACHE, options: { redisUrl: url } },
    { resolve: "@medusajs/medusa/event-bus-redis", key: Modules.EVENT_BUS, options: { redisUrl: url } },
    {
      resolve: "@medusajs/medusa/workflow-engine-redis",
      key: Modules.WORKFLOW_ENGINE,
      options: { redis: { redisUrl: url } },
    },
    {
      resolve: "@medusajs/medusa/locking",
      key: Modules.LOCKING,
      options: {
        providers: [
          { resolve: "@medusajs/medusa/locking-redis", id: "redis", is_default: true, options: { redisUrl: url } },
        ],
      },
    },
  ]
}

// `*` would send no CORS header at all: origins are named exactly.
const origins = env.STORE_URL ?? "http://localhost:9000"

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: databaseUrl(),
    databaseDriverOptions: { connection: { ssl: env.DATABASE_SSL === "true" } },
    redisUrl: env.REDIS_URL || undefined,
    http: {
      storeCors: origins,
      adminCors: origins,
      authCors: origins,
      jwtSecret: env.JWT_SECRET,
      cookieSecret: env.COOKIE_SECRET,
    },
    // A `Secure` cookie is never sent back over plain http, so the admin could not log in on a laptop.
    cookieOptions: { secure: env.COOKIE_SECURE !== "false", sameSite: "lax" },
  },
  admin: { path: "/app" },
  modules: env.REDIS_URL ? redisModules(env.REDIS_URL) : [],
})
