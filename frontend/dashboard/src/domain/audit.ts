import type { AuditEntry } from "../api/types";
import { utc } from "./time";

/** What the audit can be narrowed by; the names are those of the address and of the API. */
export const auditFields = ["action", "actor", "target", "request_id", "since", "until"] as const;
export type AuditField = (typeof auditFields)[number];
export type AuditFilter = Readonly<Record<AuditField, string>>;

export function filterOf(params: URLSearchParams): AuditFilter {
  return Object.fromEntries(auditFields.map((field) => [field, params.get(field) ?? ""])) as AuditFilter;
}

/** The address's part of a filter; what is empty is left out. */
export function paramsOf(filter: AuditFilter): URLSearchParams {
  const params = new URLSearchParams();
  for (const field of auditFields) if (filter[field].trim()) params.set(field, filter[field].trim());
  return params;
}

/** A time in UTC as `<input type="datetime-local">` wants it, here; empty for what is no time. */
export function toInput(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What such an input holds, in UTC; empty for what is no time. */
export function fromInput(value: string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

export interface Change {
  field: string;
  /** Null where the field was not there. */
  before: string | null;
  after: string | null;
}

/** What an entry changed, field by field; what stayed as it was is left out. */
export function changes({ before, after }: Pick<AuditEntry, "before" | "after">): Change[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...fields]
    .map((field) => ({ field, before: words(before, field), after: words(after, field) }))
    .filter((change) => change.before !== change.after);
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/;

function words(record: AuditEntry["before"], field: string): string | null {
  if (record === null || !(field in record)) return null;
  const value = record[field];
  if (value === null) return "none";
  if (value === "") return "empty";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "string") return JSON.stringify(value);
  return isTime.test(value) ? utc(value) : value;
}
