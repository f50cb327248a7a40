import { afterEach, describe, expect, it, vi } from "vitest";
import { memory } from "./memory";

function broken(): never {
  throw new DOMException("Storage is switched off.", "SecurityError");
}

afterEach(() => {
  vi.unstubAllGlobals();
  memory.cartId.set(null);
});

describe("what the browser remembers", () => {
  it.each([
    ["switched off", { getItem: broken, setItem: broken, removeItem: broken }],
    ["full", { getItem: () => null, setItem: broken, removeItem: () => undefined }],
  ])("lives as long as the page when storage is %s", (_, storage) => {
    vi.stubGlobal("localStorage", storage);
    expect(memory.cartId.get()).toBeNull();
    memory.cartId.set("cart_1");
    expect(memory.cartId.get()).toBe("cart_1");
    memory.cartId.set(null);
    expect(memory.cartId.get()).toBeNull();
  });

  it("is shared by the tabs of a shop when storage works", () => {
    memory.cartId.set("cart_1");
    localStorage.setItem("storeplane.cart", "cart_2");
    expect(memory.cartId.get()).toBe("cart_2");
  });
});
