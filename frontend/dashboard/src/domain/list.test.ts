import { describe, expect, it } from "vitest";
import type { Store } from "../api/types";
import { neighbour, shortcutOf } from "./keyboard";
import { queue } from "./listing";
import { resources } from "./plans";

describe("a key", () => {
  const press = (key: string, more = {}) =>
    shortcutOf({ key, modified: false, typing: false, atStore: false, ...more });

  it.each([
    ["j", "next"],
    ["k", "previous"],
    ["/", "search"],
    ["n", "new"],
    ["?", "help"],
    ["x", null],
    ["ArrowDown", null],
  ])("%s means %s", (key, shortcut) => {
    expect(press(key)).toBe(shortcut);
  });

  it("means nothing in a field or together with others", () => {
    expect(press("j", { typing: true })).toBeNull();
    expect(press("n", { modified: true })).toBeNull();
  });

  it("with an arrow moves only where a store has the focus", () => {
    expect(press("ArrowDown", { atStore: true })).toBe("next");
    expect(press("ArrowUp", { atStore: true })).toBe("previous");
  });

  it("stops at both ends of the list", () => {
    expect(neighbour(3, -1, "next")).toBe(0);
    expect(neighbour(3, 0, "next")).toBe(1);
    expect(neighbour(3, 2, "next")).toBe(2);
    expect(neighbour(3, 0, "previous")).toBe(0);
    expect(neighbour(0, -1, "next")).toBeNull();
  });
});

describe("the queue", () => {
  const store = (name: string, kind: string, state: string, place: number | null = null) =>
    ({ name, queue_position: place, operation: { kind, state } }) as Store;

  it("counts slots by births and reconciliations that run, and names the first that waits", () => {
    const stores = [
      store("a", "provision", "running"),
      store("b", "reconcile", "running"),
      store("c", "heal", "running"),
      store("d", "provision", "queued", 2),
      store("e", "provision", "queued", 1),
      store("f", "provision", "succeeded"),
    ];
    const { working, waiting, next } = queue(stores);
    expect([working, waiting, next?.name]).toEqual([2, 2, "e"]);
  });
});

describe("a plan", () => {
  it("is told in words", () => {
    expect(resources({ cpu: "6", memory: "4Gi", storage: "1Gi" })).toBe(
      "Up to 6 CPU cores and 4 GiB of memory, 1 GiB of disk.",
    );
    expect(resources({ cpu: "1500m", memory: "768Mi", storage: "500" })).toBe(
      "Up to 1.5 CPU cores and 768 MiB of memory, 500 of disk.",
    );
    expect(resources({ cpu: "1000m", memory: "1Gi", storage: "1Gi" })).toMatch(/^Up to 1 CPU core and/);
  });
});
