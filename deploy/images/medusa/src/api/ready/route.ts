import http from "node:http"

import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

// A lost database makes Medusa wait for a connection for a minute; a probe must know sooner.
const TIMEOUT_MS = 4000
// The Store API costs 12 ms of CPU to ask, the database 1 ms; probes come every few seconds, for every store.
const TRUST_MS = 30_000

let trustedUntil = 0
let status = 200

/** Where this process listens, as seen from itself. */
function ownAddress(): { host: string; port: number } {
  const host = process.env.HOST || "0.0.0.0"
  const port = Number(process.env.PORT || 9000)
  return { host: host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host, port }
}

/**
 * The status of one small Store API request that goes the whole way: HTTP, key check, modules, database.
 *
 * A refusal (4xx) is an answer: it is what a merchant gets who revokes the shop's key or takes its sales channel away.
 * To call the backend unready then would take the admin away, too, which alone can undo that.
 */
function askStoreApi(): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        ...ownAddress(),
        path: "/store/products?limit=1&fields=id",
        headers: { "x-publishable-api-key": process.env.PUBLISHABLE_KEY ?? "" },
        agent: false,
      },
      (response) => {
        response.resume()
        response.on("error", reject)
        response.on("end", () => {
          const status = response.statusCode ?? 500
          if (status < 500) resolve(status)
          else reject(new Error(`the Store API answered ${status}`))
        })
      }
    )
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`the Store API did not answer in ${TIMEOUT_MS} ms`)))
    request.on("error", reject)
  })
}

async function askDatabase(scope: MedusaContainer): Promise<void> {
  const knex = scope.resolve(ContainerRegistrationKeys.PG_CONNECTION)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the database did not answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
  })
  try {
    await Promise.race([knex.raw("SELECT 1"), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * 200 when the Store API answers, else 503 with the reason. Needs no key and no login. `closed` is there when the answer
 * is a refusal: the shop has no products for anybody.
 *
 * For half a minute after an answer of the Store API only the database is asked.
 */
export async function GET(request: MedusaRequest, response: MedusaResponse) {
  try {
    if (Date.now() < trustedUntil) {
      await askDatabase(request.scope)
    } else {
      status = await askStoreApi()
      trustedUntil = Date.now() + TRUST_MS
    }
    const closed = status < 400 ? {} : { closed: `the Store API answered ${status}` }
    response.status(200).json({ ready: true, ...closed })
  } catch (error) {
    trustedUntil = 0
    response.status(503).json({ ready: false, reason: (error as Error).message })
  }
}
