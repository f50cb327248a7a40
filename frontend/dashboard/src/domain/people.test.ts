import { describe, expect, it } from "vitest";
import { tenant } from "../../test/people";
import { secondsOf } from "../api/pause";
import type { Store } from "../api/types";
import { changes, filterOf, fromInput, paramsOf, toInput } from "./audit";
import { chosenTenant, quotaSentence, rolesUpTo, withLiveUse } from "./tenants";
import { tokenState } from "./tokens";

describe("a token", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");

  it.each([
    ["valid", null, null],
    ["valid", null, "2026-11-23T12:00:01Z"],
    ["expired", null, "2026-11-23T12:00:00Z"],
    ["revoked", "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"],
  ])("is %s when revoked at %s and expiring at %s", (state, revoked_at, expires_at) =>
    expect(tokenState({ revoked_at, expires_at }, now)).toBe(state),
  );
});

describe("a tenant", () => {
  const acme = tenant("acme", "Acme", "owner");
  const beta = tenant("beta", "Beta", "viewer");

  it("is chosen by its slug, is all of them for an unknown one, and the only one without a choice", () => {
    expect(chosenTenant([acme, beta], "beta")).toBe(beta);
    expect(chosenTenant([acme, beta], "left-it")).toBeNull();
    expect(chosenTenant([acme], "left-it")).toBe(acme);
    expect(chosenTenant([], null)).toBeNull();
  });

  it("has the stores used that are known to be there", () => {
    const stores = [{ tenant: "acme" }, { tenant: "acme" }, { tenant: "other" }] as Store[];
    expect(withLiveUse([acme, beta], stores).map((each) => each.stores_used)).toEqual([2, 0]);
  });

  it.each([
    [2, "8 more can be made."],
    [10, "there is no room for another one."],
    [11, "there is no room for another one."],
  ])("with %i of 10 stores says that %s", (stores_used, rest) =>
    expect(quotaSentence({ ...acme, stores_used })).toBe(`Acme has ${stores_used} of 10 stores; ${rest}`),
  );

  it("gives to a token at most the person's own role", () => {
    expect(rolesUpTo("viewer")).toEqual(["viewer"]);
    expect(rolesUpTo("owner")).toEqual(["viewer", "member", "owner"]);
  });
});

describe("an audit entry", () => {
  it("tells what changed, field by field, and leaves out what did not", () => {
    const before = { plan: "small", suspended: false, name: "", limits: { cpu: 1 } };
    const after = { plan: "large", suspended: true, name: "", limits: { cpu: 2 } };
    expect(changes({ before, after })).toEqual([
      { field: "plan", before: "small", after: "large" },
      { field: "suspended", before: "no", after: "yes" },
      { field: "limits", before: '{"cpu":1}', after: '{"cpu":2}' },
    ]);
  });

  it("has times that a person can read", () => {
    const after = { expires_at: "2027-02-23T23:50:00.110803+00:00" };
    expect(changes({ before: null, after })[0]!.after).toBe("2027-02-23 23:50:00 UTC");
  });

  it("of something new or gone has one side", () => {
    expect(changes({ before: null, after: { expires_at: null } })).toEqual([
      { field: "expires_at", before: null, after: "none" },
    ]);
    expect(changes({ before: { role: "viewer" }, after: null })).toEqual([
      { field: "role", before: "viewer", after: null },
    ]);
    expect(changes({ before: null, after: null })).toEqual([]);
  });
});

describe("the audit's filter", () => {
  it("is the same after going through the address, without what is empty", () => {
    const params = new URLSearchParams("action=store.&since=2026-11-23T10:00:00.000Z&page=3");
    expect(paramsOf(filterOf(params)).toString()).toBe("action=store.&since=2026-11-23T10%3A00%3A00.000Z");
    expect(paramsOf({ ...filterOf(new URLSearchParams()), actor: " " }).size).toBe(0);
  });

  it("has times that come back from the input to the minute, and nothing for what is no time", () => {
    expect(fromInput(toInput("2026-11-23T10:05:30.000Z"))).toBe("2026-11-23T10:05:00.000Z");
    expect(toInput("yesterday")).toBe("");
    expect(fromInput("")).toBe("");
  });
});

describe("a Retry-After", () => {
  it.each([
    ["7", 7],
    ["90", 90],
    ["3600", null],
    ["Mon, 23 Nov 2026 12:00:00 GMT", null],
    [null, null],
  ])("of %s is waited for: %s", (header, seconds) => expect(secondsOf(header)).toBe(seconds));
});
