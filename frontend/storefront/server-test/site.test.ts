// @vitest-environment node
import { mkdtempSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { contentSecurityPolicy, createSite } from "../../../deploy/images/storefront/site.mjs";

const script = "console.log('shop');";
let folder: string;
let configFile: string;
let server: Server;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "site-"));
  configFile = path.join(folder, "config.json");
  const root = path.join(folder, "public");
  mkdirSync(path.join(root, "assets"), { recursive: true });
  writeFileSync(path.join(root, "index.html"), "<html><head><title>Store</title></head></html>");
  writeFileSync(path.join(root, "config.json"), '{"storeName":"only for developing"}');
  writeFileSync(path.join(root, "assets", "index-abc.js"), script);
  writeFileSync(path.join(root, "assets", "index-abc.js.gz"), gzipSync(script));
  writeFileSync(configFile, JSON.stringify({ storeName: "Fjord & <Fern>", theme: { primaryColor: "#123456" } }));
  server = createSite({ root, configFile, publishableKey: "pk_secretless" });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

function ask(pathname: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: pathname, headers, method, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on("error", reject).end();
  });
}

describe("the shop's server", () => {
  it("answers client routes with index.html that names the store", async () => {
    for (const route of ["/", "/index.html", "/products/morning-mug?x=1", "/checkout/payment", "/order/order_01"]) {
      const { status, headers, body } = await ask(route);
      expect(status, route).toBe(200);
      expect(headers["content-type"]).toBe("text/html;charset=utf-8");
      expect(headers["cache-control"]).toBe("no-cache");
      expect(body.toString()).toContain("<title>Fjord &#38; &#60;Fern&#62;</title>");
    }
  });

  it("merges the key into the configuration", async () => {
    const { headers, body } = await ask("/config.json");
    expect(JSON.parse(body.toString())).toEqual({
      storeName: "Fjord & <Fern>",
      theme: { primaryColor: "#123456" },
      publishableKey: "pk_secretless",
    });
    expect(headers["cache-control"]).toBe("no-cache");
  });

  it("takes up a changed configuration, and keeps the last good one over a broken edit", async () => {
    const { headers } = await ask("/config.json");
    writeFileSync(configFile, JSON.stringify({ storeName: "Renamed" }));
    utimesSync(configFile, new Date(), new Date(Date.now() + 5000));
    expect(JSON.parse((await ask("/config.json", { "if-none-match": headers.etag! })).body.toString()).storeName).toBe(
      "Renamed",
    );

    const complaint = vi.spyOn(console, "error").mockReturnValue();
    writeFileSync(configFile, "{ broken");
    utimesSync(configFile, new Date(), new Date(Date.now() + 9000));
    expect(JSON.parse((await ask("/config.json")).body.toString()).storeName).toBe("Renamed");
    expect(complaint).toHaveBeenCalledOnce();
  });

  it("sends pages compressed, and not twice", async () => {
    const first = await ask("/", { "accept-encoding": "gzip, deflate, br" });
    expect(first.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(first.body).toString()).toContain("<title>");
    expect((await ask("/", { "if-none-match": first.headers.etag! })).status).toBe(304);
    expect((await ask("/", {}, "HEAD")).body).toHaveLength(0);
  });

  it("sends hashed files compressed beforehand, to be kept for ever", async () => {
    const { headers, body } = await ask("/assets/index-abc.js", { "accept-encoding": "gzip" });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(body).toEqual(gzipSync(script));
  });

  it("has no page for a missing file, and none for what belongs to the backend", async () => {
    for (const gone of [
      "/assets/index-old.js",
      "/favicon.png",
      "/store/products",
      "/admin",
      "/health",
      "/static/a.svg",
    ]) {
      expect((await ask(gone)).status, gone).toBe(404);
    }
    expect((await ask("/stores-of-the-world")).status).toBe(200);
  });

  it("does not leave its folder", async () => {
    for (const outside of ["/../config.json", "/%2e%2e/config.json", "/assets/..%2f..%2fconfig.json"]) {
      expect((await ask(outside)).body.toString(), outside).not.toContain("123456");
    }
  });

  it("is alive without a shop to show, and only to be read", async () => {
    expect((await ask("/healthz")).status).toBe(200);
    const refused = await ask("/", {}, "POST");
    expect(refused.status).toBe(405);
    expect(refused.headers.allow).toBe("GET, HEAD");
  });

  it("lets a page talk to its own origin and its backend only", async () => {
    const { headers } = await ask("/");
    expect(headers["content-security-policy"]).toContain("connect-src 'self';");
    expect(headers["content-security-policy"]).toContain("img-src 'self' data: https:;"); // pictures by their addresses
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(contentSecurityPolicy({ backendUrl: "https://api.example.com/base" })).toContain(
      "connect-src 'self' https://api.example.com;",
    );
  });

  it("refuses to start on a configuration that it can't use", () => {
    writeFileSync(configFile, "[]");
    expect(() => createSite({ root: path.join(folder, "public"), configFile })).toThrow(/must hold one JSON object/);
    expect(() => createSite({ root: path.join(folder, "public"), configFile: "/no/such/file" })).toThrow(
      /no such file/,
    );
  });
});
