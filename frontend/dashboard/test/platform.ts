import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { vi } from "vitest";
import { People } from "./people";
import { problem } from "./problem";
import type {
  Drift,
  EventType,
  Finding,
  LiveMessage,
  NewRule,
  Phase,
  Rule,
  Step,
  Store,
  StoreDetail,
} from "../src/api/types";
import type { StoreEvent } from "../src/api/types";

/** A platform small enough to read: its API by msw, its WebSocket by a stand-in for the browser's class. */
export class Platform {
  signedIn = true;
  stores = new Map<string, Store>();
  log: StoreEvent[] = [];
  sockets: FakeWebSocket[] = [];
  /** Whether WebSockets get through. */
  open = true;
  requests: { what: string; query: string; body: unknown; csrf: string | null }[] = [];
  retryAllowed = false;
  changeAllowed = true;
  drifted: Finding[] = [];
  healed: Finding[] = [];
  rules: Rule[] = [];
  refuseCreate: { status: number; field: string; message: string } | null = null;
  /** Names of stores that nobody here may see. */
  taken = new Set<string>();
  /** What an answer about a name waits for, by the name. */
  slow = new Map<string, Promise<void>>();
  down: string | null = null;
  readonly people = new People();
  /** How many requests are put off from now on, for a second each. */
  putOff = 0;
  readonly server = setupServer(
    http.all("*", async ({ request }) => {
      const url = new URL(request.url);
      const body = request.headers.get("content-type")?.includes("json") ? await request.json() : await request.text();
      const what = `${request.method} ${url.pathname}`;
      const waits = this.slow.get(url.pathname.replace("/names/", ""));
      this.requests.push({ what, query: url.search, body, csrf: request.headers.get("x-csrftoken") });
      await waits;
      return this.answer(what, url.searchParams, body as Record<string, string>);
    }),
  );

  start(): void {
    this.server.listen({ onUnhandledRequest: "error" });
    const platform = this;
    vi.stubGlobal(
      "WebSocket",
      class extends FakeWebSocket {
        constructor(url: URL) {
          super(url);
          platform.sockets.push(this);
          queueMicrotask(() => {
            if (!platform.open) this.lose();
            else platform.greet(this);
          });
        }
      },
    );
  }

  stop(): void {
    this.server.close();
    vi.unstubAllGlobals();
  }

  add(name: string, phase: Phase, more: Partial<Store> = {}): Store {
    const store: Store = {
      id: this.stores.size + 1,
      href: `/stores/${name}`,
      name,
      display_name: "",
      tenant: "acme",
      engine: "medusa",
      plan: "small",
      phase,
      message: "",
      url: `http://${name}.localhost:8080`,
      admin_url: `http://${name}.localhost:8080/app`,
      queue_position: null,
      created_at: "2026-11-23T12:00:00Z",
      ready_at: null,
      generation: 1,
      observed_generation: 1,
      drift_policy: "heal",
      suspended: false,
      deletion_protection: false,
      conditions: [],
      pipeline: pipeline(phase === "Ready" ? 5 : 0),
      operation: { id: "op", kind: "provision", state: "running", explanation: "" },
      ...more,
    };
    this.stores.set(name, store);
    return store;
  }

  /** A change, with its event, told to all who listen. */
  change(name: string, changes: Partial<Store>, type: EventType, message = ""): void {
    const store = { ...this.stores.get(name)!, ...changes };
    this.stores.set(name, store);
    const event = this.record(store, type, message);
    this.say({ type: "event", event });
    this.say({ type: "store", store });
  }

  record(store: Store, type: EventType, message: string, origin: StoreEvent["origin"] = ""): StoreEvent {
    const timestamp = new Date(Date.parse("2026-11-23T12:00:00Z") + this.log.length * 1000).toISOString();
    const event = {
      id: this.log.length + 1,
      store: store.name,
      type,
      message,
      phase: store.phase,
      step: "",
      origin,
      timestamp,
      request_id: "",
    };
    this.log.push(event);
    return event;
  }

  say(message: LiveMessage): void {
    for (const socket of this.sockets) if (socket.isOpen) socket.hear(message);
  }

  greet(socket: FakeWebSocket): void {
    const since = socket.url.searchParams.get("since");
    socket.isOpen = true;
    socket.hear({ type: "hello", last_event_id: this.log.length });
    if (since !== null) for (const event of this.log.slice(Number(since))) socket.hear({ type: "event", event });
    socket.hear({ type: "replayed", last_event_id: this.log.length });
  }

  private answer(what: string, query: URLSearchParams, body: Record<string, string>): Response {
    if (what.includes("/api-auth/login/")) return this.login(what, body as unknown as string);
    if (what === "GET /health") return health(this.down);
    if (!this.signedIn) return problem(401, "not-authenticated", "Log in.");
    if (this.putOff > 0) {
      this.putOff -= 1;
      return problem(429, "too-many-requests", "Wait a second.", [], { "Retry-After": "1" });
    }
    if (what === "GET /me") return HttpResponse.json(this.people.me);
    const aboutPeople = this.people.answer(what, query, body);
    if (aboutPeople) return aboutPeople;
    if (what === "GET /engines") return HttpResponse.json(engines);
    if (what === "GET /plans") return HttpResponse.json(plans);
    if (what === "GET /stores") return HttpResponse.json({ next: null, previous: null, results: this.visible() });
    if (what.startsWith("GET /names/")) return this.nameAnswer(decodeURIComponent(what.slice("GET /names/".length)));
    if (what === "POST /stores") return this.create(body);
    const [, name, page] = /^\w+ \/stores\/([^/]+)\/?(\w*)/.exec(what) ?? [];
    const store = this.stores.get(name ?? "");
    if (!store) return problem(404, "not-found", "There is nothing of that name, or it isn't yours to see.");
    if (page === "logs") return HttpResponse.json({ next: null, previous: null, results: this.logOf(store) });
    if (page === "drift") return this.drift(store, what, body as unknown as NewRule);
    if (page === "credentials") return HttpResponse.json(credentials);
    if (page === "retry" || page === "reconcile") return HttpResponse.json({}, { status: 202 });
    if (what.startsWith("DELETE")) {
      this.change(store.name, { phase: "Deleting" }, "DELETE_START");
      return HttpResponse.json({}, { status: 202 });
    }
    if (what.startsWith("PATCH")) this.change(store.name, body as Partial<Store>, "SPEC_CHANGED");
    return HttpResponse.json(this.detail(this.stores.get(store.name)!));
  }

  private drift(store: Store, what: string, rule: NewRule): Response {
    if (what.startsWith("POST")) {
      if (rule.pointer && !rule.pointer.startsWith("/")) {
        const message = `'${rule.pointer}' is no JSON pointer.`;
        return problem(400, "invalid", message, [{ field: "pointer", message }]);
      }
      const made: Rule = { ...rule, id: this.rules.length + 1, scope: "store" };
      this.rules.push(made);
      return HttpResponse.json(made, { status: 201 });
    }
    if (what.startsWith("DELETE")) {
      this.rules = this.rules.filter((each) => !what.endsWith(`/${each.id}`));
      return new HttpResponse(null, { status: 204 });
    }
    if (what.endsWith("/rules")) return HttpResponse.json({ next: null, previous: null, results: this.rules });
    const told: Drift = {
      policy: store.drift_policy,
      open_total: this.drifted.length,
      open: this.drifted,
      healed: this.healed,
    };
    return HttpResponse.json(told);
  }

  private visible(): Store[] {
    const mine = this.people.me.tenants.map((tenant) => tenant.slug);
    return [...this.stores.values()].filter((store) => mine.includes(store.tenant));
  }

  private nameAnswer(name: string): Response {
    const taken = this.taken.has(name);
    return HttpResponse.json({
      name,
      valid: true,
      available: !taken,
      url: `http://${name}.localhost:8080`,
      reason: taken ? `The name '${name}' is taken; choose another.` : "",
    });
  }

  private create(body: Record<string, string>): Response {
    if (this.refuseCreate) {
      const { status, field, message } = this.refuseCreate;
      return problem(status, "name-taken", message, [{ field, message }]);
    }
    const store = this.add(body["name"]!, "Pending", { queue_position: 1 });
    this.record(store, "STORE_REQUESTED", "");
    return HttpResponse.json(this.detail(store), { status: 201 });
  }

  private login(what: string, body: string): Response {
    if (what.startsWith("GET")) return new HttpResponse("<form>");
    this.signedIn = body.includes("password=right");
    // fetch gives a page nothing of a redirect but its type; the stand-in's answer keeps its status.
    return new HttpResponse(null, this.signedIn ? { status: 302, headers: { location: "/" } } : { status: 200 });
  }

  private logOf(store: Store): StoreEvent[] {
    return this.log.filter((event) => event.store === store.name).reverse();
  }

  private detail(store: Store): StoreDetail {
    const verdict = (allowed: boolean, reason: string) => ({ allowed, reason: allowed ? null : reason });
    return {
      ...store,
      links: {},
      events: this.logOf(store).slice(0, 15),
      allowed_actions: {
        retry: verdict(this.retryAllowed, "Only a failed store can be retried."),
        delete: verdict(
          !store.deletion_protection && store.phase !== "Deleting",
          "The store is protected from deletion.",
        ),
        reconcile: verdict(!store.suspended, "The store is suspended; resume it first."),
        suspend: verdict(!store.suspended, "The store is suspended already."),
        resume: verdict(store.suspended, "The store isn't suspended."),
        change: verdict(this.changeAllowed, "Only owners and members of the tenant may change a store."),
        credentials: verdict(true, ""),
      },
    };
  }
}

export class FakeWebSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  isOpen = false;
  readonly url: URL;

  constructor(url: URL | string) {
    this.url = new URL(url);
  }

  hear(message: LiveMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  close(): void {
    this.isOpen = false;
  }

  lose(): void {
    this.isOpen = false;
    this.onclose?.();
  }
}

/** Five steps, the first `done` of them succeeded, the next running. */
export function pipeline(done: number): Step[] {
  return ["Namespace", "Helm", "Database", "Backend", "Storefront"].map((label, place) => ({
    name: label.toLowerCase(),
    label,
    state: place < done ? "succeeded" : place === done ? "running" : "pending",
    attempt: 0,
    started_at: place <= done ? "2026-11-23T12:00:00Z" : null,
    finished_at: place < done ? "2026-11-23T12:00:04Z" : null,
    due_at: null,
    waiting_for: place === done ? "the pod to be ready" : "",
    error_reason: "",
    error: "",
  }));
}

/** A Deployment whose replicas somebody has changed. */
export function finding(name: string, more: Partial<Finding> = {}): Finding {
  const difference = { path: "spec.replicas", pointer: "/spec/replicas", wanted: "1", found: "3" };
  return {
    id: name.length,
    kind: "Deployment",
    namespace: "store-alpha",
    name,
    verdict: "changed",
    message: `Deployment ${name} was changed.`,
    differences: [{ ...difference, text: "spec.replicas: wanted 1, found 3" }],
    detected_at: "2026-11-23T12:00:00Z",
    healed_at: null,
    healed_by: null,
    ...more,
  };
}

function health(down: string | null): Response {
  const checks = Object.fromEntries(
    ["database", "redis", "broker", "cluster", "workers", "beat"].map((part) => [
      part,
      part === down ? { ok: false, message: `${part} does not answer.` } : { ok: true, message: "It answers." },
    ]),
  );
  return HttpResponse.json(
    { status: down ? "not ready" : "ready", reasons: [], checks, slots: 3 },
    { status: down ? 503 : 200 },
  );
}

const engines = [
  { name: "medusa", label: "MedusaJS", description: "Headless commerce.", available: true, message: "" },
  {
    name: "woocommerce",
    label: "WooCommerce",
    description: "WordPress.",
    available: false,
    message: "Nothing runs for it yet.",
  },
];
const plans = [
  {
    name: "small",
    label: "Small",
    description: "A first shop.",
    stores_allowed: 10,
    cpu: "6",
    memory: "4Gi",
    storage: "1Gi",
  },
  {
    name: "large",
    label: "Large",
    description: "A busy shop.",
    stores_allowed: 100,
    cpu: "24",
    memory: "12Gi",
    storage: "20Gi",
  },
];
const credentials = {
  admin_url: "http://alpha.localhost:8080/app",
  admin_email: "admin@alpha.localhost",
  admin_password: "correct horse",
  backend_url: "http://alpha.localhost:8080",
  publishable_key: "pk_1",
};
