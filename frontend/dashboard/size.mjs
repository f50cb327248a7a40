// @ts-check
/** What a first visit loads before anything is clicked: the page's script and all that it imports, compressed. */
import { gzipSync } from "node:zlib";
import { build } from "vite";

const allowed = 200_000;

const built = await build({ logLevel: "error", build: { write: false } });
if (Array.isArray(built) || !("output" in built)) throw new Error("Vite built something else than one page.");
const chunks = new Map(built.output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));

/** @type {Set<string>} */
const first = new Set();
/** @param {string} name */
function follow(name) {
  if (first.has(name)) return;
  first.add(name);
  for (const imported of chunks.get(name)?.imports ?? []) follow(imported);
}
for (const [name, chunk] of chunks) if (chunk.isEntry) follow(name);

const bytes = [...first].map((name) => gzipSync(chunks.get(name)?.code ?? "", { level: 9 }).length);
const sum = bytes.reduce((total, each) => total + each, 0);
console.log(`First load: ${(sum / 1000).toFixed(1)} kB of compressed JavaScript of ${allowed / 1000} kB allowed.`);
if (sum > allowed) process.exit(1);
