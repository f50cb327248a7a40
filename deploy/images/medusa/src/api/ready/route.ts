import http from "node:http"

import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

const TIMEOUT_MS = 4000

/** Where this process listens, as seen from itself. */
function ownAddress(): { host: string; port: number } {
  const host = process.env.HOST || "0.0.0.0"
  const port = Number(process.env.PORT || 9000)
  return { host: host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host, port }
}

/** The status of one small Store API request that goes the whole way: HTTP, key check, modules, database. */
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
        response.on("end", () => resolve(response.statusCode ?? 0))
        response.on("error", reject)
      }
    )
    // A lost database makes Medusa wait for a connection for a minute; a probe must know sooner.
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)))
    request.on("error", reject)
  })
}

/** 200 when a shopper would get products, else 503 with the reason. Needs no key and no login. */
export async function GET(_request: MedusaRequest, response: MedusaResponse) {
  let reason: string
  try {
    const status = await askStoreApi()
    if (status === 200) {
      response.status(200).json({ ready: true })
      return
    }
    reason = `the Store API answered ${status}`
  } catch (error) {
    reason = `the Store API did not answer: ${(error as Error).message}`
  }
  response.status(503).json({ ready: false, reason })
}
