import { driftVersion, inWords } from "./drift";
import { describe, expect, it } from "vitest";
import type { EngineName, EventType, Phase, Step, Store } from "../api/types";
import { everything, list, totals } from "./listing";
import { addressOf, problemWith } from "./names";
import { describePipeline, stepTime } from "./pipeline";
import { ago, duration, utc } from "./time";

describe("a name", () => {
  it.each(["my-shop", "abc", "a1-2", "a".repeat(40)])("'%s' is fine", (name) => expect(problemWith(name)).toBeNull());

  it.each([
    ["My-shop", /lower-case/],
    ["my_shop", /letters, digits and hyphens/],
    ["1shop", /Start with a letter/],
    ["-shop", /Start with a letter/],
    ["shop-", /End with/],
    ["ab", /at least 3/],
    ["a".repeat(41), /at most 40 characters; these are 41/],
  ])("'%s' gets a sentence", (name, sentence) => expect(problemWith(name)).toMatch(sentence));

  it("gives the address that the store will have, learnt from another store", () => {
    const known = { name: "demo", url: "http://demo.localhost:8080" };
    expect(addressOf("my-shop", known)).toBe("http://my-shop.localhost:8080");
    expect(addressOf("my-shop", { name: "demo", url: "https://elsewhere.example.com" })).toBeNull();
    expect(addressOf("my-shop", { name: "demo", url: "" })).toBeNull();
    expect(addressOf("my-shop", undefined)).toBeNull();
  });
});

describe("time", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");

  it.each([
    ["2026-11-23T11:59:58Z", "just now"],
    ["2026-11-23T11:59:30Z", "30 sec. ago"],
    ["2026-11-23T11:57:10Z", "2 min. ago"],
    ["2026-11-22T11:00:00Z", "1 day ago"],
  ])("%s is %s", (time, text) => expect(ago(time, now)).toBe(text));

  it.each([
    [380, "0.4 s"],
    [12_400, "12 s"],
    [59_600, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [7_800_000, "2 h 10 min"],
    [-5, "0.0 s"],
  ])("%s ms lasts %s", (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

  it("is told in UTC on hover", () => expect(utc("2026-11-23T13:00:00+01:00")).toBe("2026-11-23 12:00:00 UTC"));
});

describe("a pipeline", () => {
  const step = (label: string, state: Step["state"]) => ({ label, name: label, state }) as Step;

  it("is told in a sentence", () => {
    expect(describePipeline([])).toBe("No work yet");
    expect(describePipeline([step("Helm", "succeeded"), step("Database", "waiting")])).toBe(
      "1 of 2 steps done, Database waiting",
    );
    expect(describePipeline([step("Helm", "failed"), step("Database", "pending")])).toBe(
      "0 of 2 steps done, Helm failed",
    );
  });

  it("has no time before its start, and none below zero where clocks differ", () => {
    const started = { started_at: "2026-11-23T12:00:00Z", finished_at: null } as Step;
    expect(stepTime({ ...started, started_at: null }, 0)).toBeNull();
    expect(stepTime({ ...started, finished_at: "2026-11-23T12:00:03Z" }, 0)).toBe(3000);
    expect(stepTime(started, 0)).toBe(0);
  });
});

describe("the list", () => {
  const store = (name: string, phase: Phase, created: number, engine: EngineName = "medusa") =>
    ({
      id: created,
      name,
      display_name: "",
      tenant: "acme",
      phase,
      engine,
      created_at: new Date(created).toISOString(),
    }) as Partial<Store> as Store;
  const stores = [store("beta", "Ready", 3), store("alpha", "Failed", 1), store("gamma", "Ready", 2, "woocommerce")];
  const names = (wish: object) => list(stores, { ...everything, ...wish }).map((each) => each.name);

  it("is sorted", () => {
    expect(names({})).toEqual(["alpha", "beta", "gamma"]);
    expect(names({ descending: true })).toEqual(["gamma", "beta", "alpha"]);
    expect(names({ sort: "created_at" })).toEqual(["beta", "gamma", "alpha"]);
    expect(names({ sort: "phase" })).toEqual(["beta", "gamma", "alpha"]);
  });

  it("is searched and filtered", () => {
    expect(names({ text: " ALP " })).toEqual(["alpha"]);
    expect(names({ text: "acme" })).toHaveLength(3);
    expect(names({ phases: ["Ready"], engine: "medusa" })).toEqual(["beta"]);
    expect(names({ text: "nothing" })).toEqual([]);
  });

  it("has totals by phase", () =>
    expect(totals(stores)).toEqual([
      ["Ready", 2],
      ["Failed", 1],
    ]));
});

describe("drift", () => {
  const rule = { kind: "", name: "", pointer: "", manager: "", reason: "" };

  it.each([
    [{ kind: "Deployment" }, "Deployment"],
    [{ name: "store-*" }, "any object named store-*"],
    [{ pointer: "/spec/replicas" }, "any object, at /spec/replicas"],
    [
      { kind: "Deployment", name: "web", pointer: "/spec", manager: "hpa" },
      "Deployment named web, at /spec, when set by hpa",
    ],
  ])("a rule is told in words: %o", (values, words) => {
    expect(inWords({ ...rule, ...values })).toBe(words);
  });

  it.each([
    ["DRIFT_DETECTED", "7"],
    ["SELF_HEAL", "7"],
    ["SELF_HEALED", "7"],
    ["HEAL_STOPPED", "7"],
    ["SPEC_CHANGED", "7"],
    ["STORE_DEGRADED", ""],
    ["HELM_INSTALL", ""],
  ])("what is heard as %s is a reason to ask again: %o", (type, version) => {
    const event = {
      id: 7,
      type: type as EventType,
      message: "",
      phase: "Ready" as const,
      step: "",
      timestamp: "",
      origin: "" as const,
      request_id: "",
    };
    expect(driftVersion([{ ...event, store: "alpha" }], "alpha")).toBe(version);
    expect(driftVersion([{ ...event, store: "beta" }], "alpha")).toBe("");
  });
});
