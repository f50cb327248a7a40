/**
 * Loads CommonJS modules from V8's code cache.
 *
 * Medusa is 5,700 small files, and finding, reading and compiling them is most of its start. The image is built
 * once and never changes, so all of that can be remembered: build.py starts Medusa once to record a pack, and each
 * store's start plays it back. Without a pack that fits, everything is loaded as Node does by itself.
 *
 * Not Node's own module.enableCompileCache: Node 20 has none, it writes one file for each module, and it remembers
 * no lookups.
 */
import { readFileSync } from "node:fs"
import Module from "node:module"
import { dirname } from "node:path"
import vm from "node:vm"

import { readPack, writePack } from "./pack.mjs"

const [BEFORE, AFTER] = Module.wrap("/*source*/").split("/*source*/")
// V8 forgets where a cached script may import() from, so these files are left to Node.
const DYNAMIC_IMPORT = /\bimport\s*\(/

function script(source, filename, cachedData) {
  const text = source.startsWith("#!") ? `//${source}` : source
  return new vm.Script(BEFORE + text + AFTER, { filename, cachedData })
}

/** What Node does with a compiled module: call it with its own `require`. */
function execute(module, filename, compiled) {
  const require = (request) => module.require(request)
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options)
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module)
  require.main = process.mainModule
  require.extensions = Module._extensions
  require.cache = Module._cache
  const run = compiled.runInThisContext()
  return run.call(module.exports, module.exports, require, module, filename, dirname(filename))
}

/** Answers lookups with `remembered(folder, request)`, and tells `learned` what Node itself had to find out. */
function hookLookups(root, remembered, learned) {
  const resolve = Module._resolveFilename
  Module._resolveFilename = function (request, parent, isMain, options) {
    const from = parent?.filename
    if (options || !from?.startsWith(root)) {
      return resolve.apply(this, arguments)
    }
    const folder = dirname(from)
    const known = remembered(folder, request)
    if (known !== undefined) {
      return known
    }
    const found = resolve.apply(this, arguments)
    learned(folder, request, found)
    return found
  }
}

/** Plays back the pack at `path`; returns how many modules it holds, 0 when there is none that fits. */
export function playBack(path, root) {
  const pack = readPack(path, root)
  if (pack === undefined) {
    return 0
  }
  const loadJs = Module._extensions[".js"]
  Module._extensions[".js"] = function (module, filename) {
    const cached = pack.code.get(filename)
    if (cached === undefined) {
      return loadJs(module, filename)
    }
    return execute(module, filename, script(readFileSync(filename, "utf8"), filename, cached))
  }
  hookLookups(
    root,
    (folder, request) => pack.resolved.get(folder)?.get(request),
    () => {}
  )
  return pack.code.size
}

/** Notes every module that is loaded from now on; the function it returns writes them to `path`. */
export function record(path, root) {
  const scripts = new Map()
  const resolved = new Map()
  const compile = Module.prototype._compile
  Module.prototype._compile = function (source, filename, ...rest) {
    if (!filename.startsWith(root) || !/\.c?js$/.test(filename) || DYNAMIC_IMPORT.test(source)) {
      return compile.call(this, source, filename, ...rest)
    }
    let compiled
    try {
      compiled = script(source, filename)
    } catch (error) {
      if (error instanceof SyntaxError) {
        return compile.call(this, source, filename, ...rest)
      }
      throw error
    }
    scripts.set(filename, compiled)
    return execute(this, filename, compiled)
  }
  hookLookups(
    root,
    () => undefined,
    (folder, request, found) => {
      if (found.startsWith(root)) {
        resolved.set(folder, (resolved.get(folder) ?? new Map()).set(request, found))
      }
    }
  )
  return () => {
    // After the run, so that the functions that were called are in it too.
    const code = new Map([...scripts].map(([file, compiled]) => [file, compiled.createCachedData()]))
    writePack(path, root, { code, resolved })
    return code.size
  }
}
