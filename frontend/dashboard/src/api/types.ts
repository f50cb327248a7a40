/** The shapes of the platform's API, by the names that the dashboard uses. Made from docs/openapi.yaml: `npm run api`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** An answer always has every field; the document asks for those alone that have no default. */
type Whole<T> = { [Key in keyof T]-?: T[Key] };

export type Phase = Schemas["PhaseEnum"];
export type Role = Schemas["RoleEnum"];
export type EngineName = Schemas["EngineEnum"];
export type PlanName = Schemas["PlanEnum"];
export type EventType = Schemas["EventTypeEnum"];
export type Step = Schemas["Step"];
export type StepState = Schemas["StepStateEnum"];
export type Condition = Whole<Schemas["Condition"]>;
export type OperationRef = Schemas["OperationRef"];
export type StoreEvent = Whole<Schemas["Event"]>;
export type Verdict = Schemas["Verdict"];
/** Whether a store may be made under a name. */
export type Availability = Schemas["Name"];
export type Credentials = Schemas["Credentials"];
export type Engine = Schemas["Engine"];
export type Plan = Schemas["Plan"];
export type Tenant = Schemas["Tenant"];
export type Me = Schemas["Me"];
export type Member = Schemas["Member"];
export type NewMember = Schemas["MemberAdd"];
export type Token = Schemas["Token"];
export type TokenWish = Schemas["TokenCreate"];
export type NewToken = Schemas["NewToken"];
export type AuditEntry = Whole<Schemas["Audit"]>;
export type Health = Schemas["Health"];
export type NewStore = Schemas["StoreCreate"];
export type Changes = Schemas["PatchedStoreChange"];

type WithWholeParts<T> = Omit<Whole<T>, "conditions" | "events"> & { readonly conditions: Condition[] };

export type Store = WithWholeParts<Schemas["Store"]>;

/** What is done about a change that nobody asked for. */
export type DriftPolicy = Schemas["DriftPolicyEnum"];
export type Drift = Omit<Schemas["Drift"], "links" | "policy"> & { readonly policy: DriftPolicy };
export type Finding = Schemas["Finding"];
export type Difference = Schemas["Difference"];
/** What is to be ignored; an empty field matches anything. */
export type NewRule = Whole<Pick<Schemas["RuleCreate"], "kind" | "name" | "pointer" | "manager" | "reason">>;
export type Rule = NewRule & Pick<Schemas["Rule"], "id" | "scope">;

export type ActionName = "retry" | "reconcile" | "delete" | "change" | "suspend" | "resume" | "credentials";

export interface StoreDetail extends Omit<WithWholeParts<Schemas["StoreDetail"]>, "allowed_actions"> {
  /** The last 15, newest first. */
  readonly events: StoreEvent[];
  readonly allowed_actions: Partial<Record<ActionName, Verdict>>;
}

export interface Page<T> {
  next: string | null;
  previous: string | null;
  results: T[];
}

/** RFC 9457; where no platform answers, the page itself makes one. */
export type Problem = Omit<Schemas["Problem"], "type" | "instance" | "request_id"> & {
  type: Schemas["Problem"]["type"] | "about:blank";
  request_id?: string;
};

/** What `WS /stores/ws` sends; OpenAPI has no words for it. */
export type LiveMessage =
  | { type: "hello"; last_event_id: number }
  /** After these two, every event up to that id has been received. */
  | { type: "replayed"; last_event_id: number }
  | { type: "ping"; last_event_id: number }
  | { type: "event"; event: StoreEvent }
  | { type: "store"; store: Store };
