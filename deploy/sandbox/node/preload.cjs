// Resolves Service names in a pod of the sandbox. Loaded by NODE_OPTIONS=--require; the file named by
// STOREPLANE_SANDBOX_HOSTS has the form of /etc/hosts and is kept current by the sandbox.
"use strict";

const fs = require("node:fs");
const dns = require("node:dns");
const { isIP } = require("node:net");
const { promisify } = require("node:util");
const { syncBuiltinESMExports } = require("node:module");

const file = process.env.STOREPLANE_SANDBOX_HOSTS;
const namespace = process.env.STOREPLANE_SANDBOX_NAMESPACE;
let names = new Map();
let seen = "";

// Reads the file again when it changed: one stat for each lookup of a name, and nothing while idle.
function refresh() {
  let state;
  try {
    state = fs.statSync(file);
  } catch {
    return;
  }
  const version = `${state.ino} ${state.mtimeMs} ${state.size}`;
  if (version === seen) return;
  const fresh = new Map();
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    const [address, ...aliases] = line.split("#")[0].trim().split(/\s+/);
    for (const alias of aliases) fresh.set(alias, [...(fresh.get(alias) ?? []), address]);
  }
  names = fresh;
  seen = version;
}

function find(name) {
  if (typeof name !== "string" || isIP(name)) return undefined;
  refresh();
  const plain = name.toLowerCase().replace(/\.$/, "");
  // The search list of a pod's resolv.conf: the own namespace first.
  return (plain.includes(".") ? undefined : names.get(`${plain}.${namespace}`)) ?? names.get(plain);
}

if (file) {
  const original = dns.lookup;
  const lookup = function lookup(hostname, options, callback) {
    const done = typeof options === "function" ? options : callback;
    const wanted = typeof options === "number" ? { family: options } : (typeof options === "object" && options) || {};
    const family = wanted.family === "IPv6" ? 6 : wanted.family;
    const addresses = family === 6 ? undefined : find(hostname);
    if (!addresses) return original.apply(dns, arguments);
    if (wanted.all) process.nextTick(done, null, addresses.map((address) => ({ address, family: 4 })));
    else process.nextTick(done, null, addresses[0], 4);
    return {};
  };
  Object.defineProperty(lookup, promisify.custom, {
    value: (hostname, options) =>
      new Promise((resolve, reject) =>
        lookup(hostname, options ?? {}, (error, address, family) =>
          error ? reject(error) : resolve(Array.isArray(address) ? address : { address, family })),
      ),
  });
  dns.lookup = lookup;
  dns.promises.lookup = lookup[promisify.custom];
  syncBuiltinESMExports();
}
