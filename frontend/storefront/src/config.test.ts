import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { applyTheme, loadConfig, luminance, parseConfig } from "./config";
import { pictureUrl } from "./shop/medusa";

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe("the configuration", () => {
  it("has a default for everything", () => {
    const nothing = { storeName: "Store", backendUrl: "", publishableKey: "", theme: {} };
    expect(parseConfig(null)).toEqual(nothing);
    expect(parseConfig({ storeName: 7, theme: "red" })).toEqual(nothing);
  });

  it("loses the slash at the end of an address", () => {
    expect(parseConfig({ backendUrl: "https://api.example.com/" }).backendUrl).toBe("https://api.example.com");
  });

  it("is asked from the server", async () => {
    server.use(http.get("*/config.json", () => HttpResponse.json({ storeName: "Fjord" })));
    expect((await loadConfig()).storeName).toBe("Fjord");
  });

  it("that is missing gives one sentence", async () => {
    server.use(http.get("*/config.json", () => new HttpResponse(null, { status: 503 })));
    await expect(loadConfig()).rejects.toThrow("The shop's configuration could not be read (HTTP 503).");
  });
});

describe("the theme", () => {
  it("sets colours, and a text colour that can be read on them", () => {
    const root = document.createElement("div");
    applyTheme({ primaryColor: "#ffe08a", textColor: "#222222" }, root);
    expect(root.style.getPropertyValue("--color-primary")).toBe("#ffe08a");
    expect(root.style.getPropertyValue("--color-on-primary")).toBe("#161616");
    expect(root.style.getPropertyValue("--color-surface")).toBe("");
  });

  it("keeps white text on dark colours", () => {
    const root = document.createElement("div");
    applyTheme({ primaryColor: "#2f5d50" }, root);
    expect(root.style.getPropertyValue("--color-on-primary")).toBe("#ffffff");
  });

  it("knows how light a colour is", () => {
    expect(luminance("#ffffff")).toBeCloseTo(1);
    expect(luminance("#000000")).toBe(0);
    expect(luminance("rebeccapurple")).toBeNull();
  });
});

describe("a picture", () => {
  it("that is a path belongs to the backend", () => {
    const config = parseConfig({ backendUrl: "https://api.example.com" });
    expect(pictureUrl(config, "/static/a.svg")).toBe("https://api.example.com/static/a.svg");
    expect(pictureUrl(parseConfig({}), "/static/a.svg")).toBe("/static/a.svg");
    expect(pictureUrl(config, "https://cdn.example.com/a.svg")).toBe("https://cdn.example.com/a.svg");
    expect(pictureUrl(config, null)).toBeNull();
  });
});
