import { createHash, createHmac, randomBytes, scrypt } from "node:crypto"
import { promisify } from "node:util"

// Medusa's emailpass provider uses these unless its hashConfig says otherwise.
const LOG_N = 15
const BLOCK_SIZE = 8
const PARALLEL = 1

/**
 * The hash that Medusa's emailpass provider stores: base64 of the 96-byte scrypt file header
 * (https://github.com/Tarsnap/scrypt/blob/master/FORMAT): "scrypt", version 0, log N, r, p, salt, 16 bytes of
 * SHA-256 over those, and an HMAC of everything before it keyed with the second half of the derived key.
 */
export async function hashPassword(password, salt = randomBytes(32)) {
  const head = Buffer.alloc(16)
  head.write("scrypt", 0, "ascii")
  head.writeUInt8(LOG_N, 7)
  head.writeUInt32BE(BLOCK_SIZE, 8)
  head.writeUInt32BE(PARALLEL, 12)
  const salted = Buffer.concat([head, salt])
  const checksum = createHash("sha256").update(salted).digest().subarray(0, 16)
  const signed = Buffer.concat([salted, checksum])
  const options = { N: 2 ** LOG_N, r: BLOCK_SIZE, p: PARALLEL, maxmem: 256 * 2 ** LOG_N * BLOCK_SIZE }
  const key = await promisify(scrypt)(password, salt, 64, options)
  const mac = createHmac("sha256", key.subarray(32)).update(signed).digest()
  return Buffer.concat([signed, mac]).toString("base64")
}
