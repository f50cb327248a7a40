/** The shapes of the platform's API (docs/api.md), in one place. Times are ISO 8601 in UTC. */

export type Phase =
  "Pending" | "Provisioning" | "Ready" | "Degraded" | "Failed" | "Suspended" | "Deleting" | "ComingSoon";

export type StepState = "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled";

export interface Step {
  name: string;
  label: string;
  state: StepState;
  /** Failures so far. */
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  waiting_for: string;
  error: string;
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  last_transition_time: string;
  observed_generation: number;
}

export interface OperationRef {
  id: string;
  kind: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** Why it is where it is, in one sentence; empty once it has succeeded. */
  explanation: string;
}

/** What is done about a change that nobody asked for. */
export type DriftPolicy = "heal" | "warn" | "off";

export interface Store {
  id: number | string;
  name: string;
  display_name: string;
  /** Slug of the tenant. */
  tenant: string;
  engine: string;
  plan: string;
  phase: Phase;
  message: string;
  url: string;
  admin_url: string;
  /** Place among those who wait for a slot, 1 being next; null when it does not wait. */
  queue_position: number | null;
  created_at: string;
  ready_at: string | null;
  generation: number;
  observed_generation: number;
  drift_policy: DriftPolicy;
  suspended: boolean;
  deletion_protection: boolean;
  conditions: Condition[];
  pipeline: Step[];
  operation: OperationRef | null;
}

export interface Verdict {
  allowed: boolean;
  reason: string | null;
}

export type ActionName = "retry" | "reconcile" | "delete" | "change" | "suspend" | "resume" | "credentials";

export interface StoreDetail extends Store {
  /** The last 15, newest first. */
  events: StoreEvent[];
  allowed_actions: Partial<Record<ActionName, Verdict>>;
}

export interface StoreEvent {
  id: number;
  /** Name of the store. */
  store: string;
  type: string;
  message: string;
  phase: Phase;
  step: string;
  timestamp: string;
}

/** One field that isn't as it was asked for; the values as JSON, or `nothing`. */
export interface Difference {
  path: string;
  /** The same place by RFC 6901, for a rule. */
  pointer: string;
  wanted: string;
  found: string;
  text: string;
}

/** An object that isn't, or wasn't, as it was asked for; a foreign one is only told of. */
export interface Finding {
  id: number;
  kind: string;
  namespace: string;
  name: string;
  verdict: "missing" | "changed" | "foreign";
  message: string;
  differences: Difference[];
  detected_at: string;
  healed_at: string | null;
  healed_by: string | null;
}

export interface Drift {
  policy: DriftPolicy;
  /** Of which `open` has the newest 100. */
  open_total: number;
  open: Finding[];
  /** The last 20, newest first. */
  healed: Finding[];
}

/** What is to be ignored; an empty field matches anything. */
export interface NewRule {
  kind: string;
  name: string;
  pointer: string;
  manager: string;
  reason: string;
}

export interface Rule extends NewRule {
  id: number;
  /** One of the platform holds for all stores, and is an operator's. */
  scope: "store" | "platform";
}

export interface Credentials {
  admin_url: string;
  admin_email: string;
  admin_password: string;
  backend_url: string;
  publishable_key: string;
}

export interface Engine {
  name: string;
  label: string;
  description: string;
  available: boolean;
  message: string;
}

export interface Plan {
  name: string;
  label: string;
  description: string;
  stores_allowed: number;
  storage?: string;
}

export interface Tenant {
  slug: string;
  name: string;
  plan: string;
  role: "owner" | "member" | "viewer";
  stores_used: number;
  stores_allowed: number;
}

export interface Me {
  username: string;
  name: string;
  is_superuser: boolean;
  authenticated_by: "header" | "session";
  tenants: Tenant[];
}

export interface Health {
  status: string;
  checks: Record<string, { ok: boolean; message: string }>;
}

export interface Page<T> {
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface NewStore {
  name: string;
  engine: string;
  plan?: string;
  display_name?: string;
  tenant?: string;
}

/** RFC 9457; `errors` names fields by their path. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id?: string;
  errors?: { field: string; message: string }[];
}

/** What `WS /stores/ws` sends. */
export type LiveMessage =
  | { type: "hello"; last_event_id: number }
  /** After these two, every event up to that id has been received. */
  | { type: "replayed"; last_event_id: number }
  | { type: "ping"; last_event_id: number }
  | { type: "event"; event: StoreEvent }
  | { type: "store"; store: Store };
