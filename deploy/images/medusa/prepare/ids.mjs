import { randomBytes } from "node:crypto"

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** An id as Medusa makes them: a prefix and a ULID (https://github.com/ulid/spec): 48 bits of time, 80 of chance. */
export function newId(prefix, now = Date.now()) {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(now, 0, 6)
  randomBytes(10).copy(bytes, 6)
  let rest = BigInt(`0x${bytes.toString("hex")}`)
  let text = ""
  for (let digit = 0; digit < 26; digit += 1) {
    text = CROCKFORD[Number(rest % 32n)] + text
    rest /= 32n
  }
  return `${prefix}_${text}`
}
