// @ts-check
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import sirv from "sirv";

/**
 * The web server of one store's shop: static files, the store's configuration, and index.html for every client route.
 *
 * @typedef {{ storeName?: string, backendUrl?: string, publishableKey?: string, theme?: Record<string, string> }} Config
 * @typedef {{ body: Buffer, gzip: Buffer, br: Buffer, etag: string, type: string }} Page
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 */

/** What the ingress of a store sends to the backend. Answered here, they would look like pages of the shop. */
const backendPaths = [
  "/store",
  "/admin",
  "/auth",
  "/app",
  "/static",
  "/hooks",
  "/health",
];

/**
 * @param {{ root: string, configFile?: string | undefined, publishableKey?: string | undefined }} options
 *   `root` holds the built files; `configFile` is a JSON file that may change while serving (a ConfigMap volume).
 * @throws {Error} when the configuration can't be used
 */
export function createSite({ root, configFile, publishableKey }) {
  const files = sirv(root, {
    gzip: true,
    brotli: true,
    etag: true,
    setHeaders: (response, pathname) => {
      const hashed = pathname.startsWith("/assets/");
      response.setHeader(
        "Cache-Control",
        hashed ? "public, max-age=31536000, immutable" : "public, max-age=3600",
      );
    },
  });
  const pages = createPages(root, configFile, publishableKey);
  // A shop that can't be configured must say so at the start, not to its first visitor.
  pages();

  return createServer((request, response) => {
    const pathname = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(response, 405, "Only GET and HEAD are answered here.", {
        Allow: "GET, HEAD",
      });
    }
    if (pathname === "/healthz") return plain(response, 200, "ok");
    if (
      backendPaths.some(
        (prefix) => pathname === prefix || pathname.startsWith(`${prefix}/`),
      )
    ) {
      return plain(
        response,
        404,
        "This path belongs to the store's backend; the ingress sends it there.",
      );
    }
    const { index, config, policy } = pages();
    setSecurityHeaders(response, policy);
    if (pathname === "/config.json") return send(request, response, config);
    if (pathname === "/" || pathname === "/index.html")
      return send(request, response, index);
    files(request, response, () => {
      // A missing file is a 404; only addresses without an extension can be routes of the shop.
      if (pathname.startsWith("/assets/") || path.extname(pathname))
        plain(response, 404, "Not found");
      else send(request, response, index);
    });
    return undefined;
  });
}

/**
 * index.html and config.json for the configuration as it is now; made anew only when the file has changed.
 *
 * @param {string} root
 * @param {string | undefined} configFile
 * @param {string | undefined} publishableKey
 */
function createPages(root, configFile, publishableKey) {
  const template = readFileSync(path.join(root, "index.html"), "utf8");
  let version = "";
  /** @type {{ index: Page, config: Page, policy: string }} */
  let current;

  function make() {
    const config = {
      ...readConfig(configFile),
      ...(publishableKey ? { publishableKey } : {}),
    };
    current = {
      index: page(withStoreName(template, config), "text/html;charset=utf-8"),
      config: page(JSON.stringify(config), "application/json"),
      policy: contentSecurityPolicy(config),
    };
  }

  return () => {
    const seen = configFile ? modified(configFile) : "none";
    if (seen !== version) {
      try {
        make();
      } catch (error) {
        // A broken edit of the ConfigMap must not take a running shop down.
        if (!current) throw error;
        console.error(
          `${configFile} can't be used, the one before stays: ${error instanceof Error ? error.message : error}`,
        );
      }
      version = seen;
    }
    return current;
  };
}

/** @param {string} file */
function modified(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}-${stat.size}-${stat.ino}` : "missing";
}

/**
 * @param {string | undefined} file
 * @returns {Config}
 */
function readConfig(file) {
  if (!file) return {};
  const config = JSON.parse(readFileSync(file, "utf8"));
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new Error(`${file} must hold one JSON object.`);
  }
  return config;
}

/**
 * The store's name is in the title from the first byte on, for link previews and slow telephones.
 *
 * @param {string} template
 * @param {Config} config
 */
function withStoreName(template, config) {
  const name = String(config.storeName || "Store").replace(
    /[&<>]/g,
    (sign) => `&#${sign.charCodeAt(0)};`,
  );
  return template.replace(
    /<title>[^<]*<\/title>/,
    () => `<title>${name}</title>`,
  );
}

/**
 * Only this origin and the backend, when it has another one; pictures from anywhere, for a merchant names those of
 * products by their addresses. Colours of the theme are set through CSSOM, which needs no 'unsafe-inline'.
 *
 * @param {Config} config
 */
export function contentSecurityPolicy(config) {
  let backend = "";
  if (config.backendUrl) backend = ` ${new URL(config.backendUrl).origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: https:${backend}`,
    `connect-src 'self'${backend}`,
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/**
 * @param {Response} response
 * @param {string} policy
 */
function setSecurityHeaders(response, policy) {
  response.setHeader("Content-Security-Policy", policy);
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "strict-origin-when-cross-origin");
  response.setHeader("X-Frame-Options", "DENY");
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader(
    "Permissions-Policy",
    "camera=(), microphone=(), geolocation=()",
  );
}

/**
 * @param {string} text
 * @param {string} type
 * @returns {Page}
 */
function page(text, type) {
  const body = Buffer.from(text);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return {
    body,
    gzip: gzipSync(body),
    br: brotliCompressSync(body),
    etag,
    type,
  };
}

/**
 * Sends a page that must be asked for again each time, and is not sent twice to a browser that has it.
 *
 * @param {Request} request
 * @param {Response} response
 * @param {Page} page
 */
function send(request, response, page) {
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Vary", "Accept-Encoding");
  response.setHeader("ETag", `W/${page.etag}`);
  if (request.headers["if-none-match"]?.includes(page.etag))
    return void response.writeHead(304).end();

  const accepted = String(request.headers["accept-encoding"] ?? "");
  const encoding = /\bbr\b/.test(accepted)
    ? "br"
    : /\bgzip\b/.test(accepted)
      ? "gzip"
      : null;
  const body = encoding ? page[encoding] : page.body;
  if (encoding) response.setHeader("Content-Encoding", encoding);
  response.writeHead(200, {
    "Content-Type": page.type,
    "Content-Length": body.length,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} text
 * @param {Record<string, string>} [headers]
 */
function plain(response, status, text, headers = {}) {
  response.writeHead(status, {
    "Content-Type": "text/plain;charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(`${text}\n`);
}
