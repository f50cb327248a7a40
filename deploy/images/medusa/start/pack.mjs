import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { cachedDataVersionTag } from "node:v8"

/**
 * The file that holds V8's code of all modules, and where each `require` led.
 *
 * Layout: 4 bytes length of the index (little endian), the index as JSON, then the pieces of code end to end.
 * Index: `tag` of V8 (its version, flags and CPU features; code of another tag is useless), `root`, the app's
 * folder, `code` as [file, offset, length], `resolved` as {folder: [[request, file], …]}; paths are relative to root.
 *
 * A pack is of no use in another folder: V8 keeps the file's name in the code, and Medusa finds some of its modules
 * by the names in a stack trace.
 */

/** Reads a pack; undefined when there is none, or it was made by another V8 or elsewhere. */
export function readPack(path, root) {
  let bytes
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if (error.code === "ENOENT") {
      return undefined
    }
    throw error
  }
  const start = 4 + bytes.readUInt32LE(0)
  const index = JSON.parse(bytes.toString("utf8", 4, start))
  if (index.tag !== cachedDataVersionTag() || index.root !== root) {
    return undefined
  }
  const code = new Map(
    index.code.map(([file, offset, length]) => [root + file, bytes.subarray(start + offset, start + offset + length)])
  )
  const resolved = new Map(
    Object.entries(index.resolved).map(([folder, requests]) => [
      root + folder,
      new Map(requests.map(([request, file]) => [request, root + file])),
    ])
  )
  return { code, resolved }
}

/** Writes a pack: `code` maps files to buffers, `resolved` folders to maps of request to file. */
export function writePack(path, root, { code, resolved }) {
  const pieces = []
  let offset = 0
  for (const [file, piece] of code) {
    pieces.push([file.slice(root.length), offset, piece.length])
    offset += piece.length
  }
  const folders = [...resolved].map(([folder, requests]) => [
    folder.slice(root.length),
    [...requests].map(([request, file]) => [request, file.slice(root.length)]),
  ])
  const index = { tag: cachedDataVersionTag(), root, code: pieces, resolved: Object.fromEntries(folders) }
  const head = Buffer.from(JSON.stringify(index))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  writeFileSync(`${path}.new`, Buffer.concat([length, head, ...code.values()]))
  renameSync(`${path}.new`, path)
}
