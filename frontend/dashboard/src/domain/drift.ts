import type { Difference, Finding, NewRule, StoreEvent } from "../api/types";

const driftEvents = /^(DRIFT|SELF_HEAL|HEAL_|SPEC_CHANGED)/;

/** Names what was last heard of a store's drift and its rules; another value is a reason to ask again. */
export function driftVersion(events: readonly StoreEvent[], store: string): string {
  const newest = events.find((event) => event.store === store && driftEvents.test(event.type));
  return String(newest?.id ?? "");
}

/** The narrowest rule for what was found: the field if it is about one, else the object. */
export function ruleFor(finding: Finding, difference?: Difference): NewRule {
  return {
    kind: finding.kind,
    name: finding.name,
    pointer: difference?.pointer ?? "",
    manager: "",
    reason: "",
  };
}

/** A rule in words; what it leaves open matches anything. */
export function inWords(rule: NewRule): string {
  const object = [rule.kind || "any object", rule.name && `named ${rule.name}`].filter(Boolean).join(" ");
  return [object, rule.pointer && `at ${rule.pointer}`, rule.manager && `when set by ${rule.manager}`]
    .filter(Boolean)
    .join(", ");
}
