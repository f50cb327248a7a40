import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventType, LiveMessage, Phase, Store, StoreEvent } from "../api/types";
import { eventsKept, initialState, mergeEvents, reduce, storeByName, type LiveState } from "./state";

const names = ["alpha", "beta"];
const bare = { message: "", step: "", origin: "", request_id: "" } as const;

/**
 * The platform as the dashboard meets it: each change of a store writes an event and, a moment later, its whole shape,
 * by name and of the living store of that name. Live messages can get lost; the log is replayed on reconnecting.
 */
class Platform {
  private nextId = 1;
  private clock = 0;
  readonly log: StoreEvent[] = [];
  stores: Store[] = [];
  /** Messages on the wire, oldest first; null while there is no connection. */
  wire: LiveMessage[] | null = [];

  create(name: string): void {
    if (this.living(name)) return;
    const created_at = this.time();
    const store = { id: this.nextId++, name, phase: "Pending", created_at, message: "" } as unknown as Store;
    this.stores.push(store);
    this.tell(store, "STORE_REQUESTED");
  }

  move(name: string, phase: Phase): void {
    this.change(this.living(name), phase, "SPEC_CHANGED");
  }

  requestDelete(name: string): void {
    this.change(this.living(name), "Deleting", "DELETE_START");
  }

  /** Removals of one name end in the order in which they began. */
  finishDelete(name: string): void {
    const store = this.stores.find((each) => each.name === name && each.phase === "Deleting");
    if (!store) return;
    this.stores = this.stores.filter((each) => each !== store);
    this.tell(store, "DELETE_COMPLETE");
  }

  /** A change that the log needn't tell. */
  stepOn(name: string): void {
    const store = this.living(name);
    if (!store) return;
    this.replace({ ...store, message: `step ${this.time()}` });
    this.show(name);
  }

  byName(name: string): Store | null {
    return this.living(name) ?? this.stores.find((each) => each.name === name) ?? null;
  }

  youngest(name: string): Store | undefined {
    return this.stores.filter((each) => each.name === name).at(-1);
  }

  private living(name: string): Store | undefined {
    return this.stores.find((each) => each.name === name && each.phase !== "Deleting");
  }

  private change(store: Store | undefined, phase: Phase, type: EventType): void {
    if (!store) return;
    const changed = { ...store, phase };
    this.replace(changed);
    this.tell(changed, type);
  }

  private replace(store: Store): void {
    this.stores = this.stores.map((each) => (each.id === store.id ? store : each));
  }

  private tell(store: Store, type: EventType): void {
    const { name, phase } = store;
    const id = this.log.length + 1;
    const event = { id, store: name, type, phase, ...bare, timestamp: this.time() };
    this.log.push(event);
    this.wire?.push({ type: "event", event });
    this.show(name);
  }

  private show(name: string): void {
    const store = this.byName(name);
    if (store) this.wire?.push({ type: "store", store });
  }

  private time(): string {
    this.clock += 1;
    return new Date(Date.UTC(2026, 0, 1) + this.clock * 1000).toISOString();
  }
}

/** The page: delivers what is on the wire when it likes, and fetches as LiveContext does. */
class Page {
  state: LiveState = initialState;
  /** All events up to this id have come for sure. */
  private confirmed = 0;
  private sent: { stores: Store[]; sentAt: number } | null = null;

  constructor(private readonly platform: Platform) {}

  deliver(count: number): void {
    for (const message of this.platform.wire?.splice(0, count) ?? []) this.do({ type: "message", message });
  }

  sendFetch(): void {
    this.sent = { stores: this.platform.stores, sentAt: this.state.clock };
  }

  /** One page of the answer, in the order of the names, before the whole. */
  receivePage(from: number): void {
    if (!this.sent) return;
    const stores = this.sent.stores.slice(from, from + 1);
    this.do({ type: "fetched-page", stores, sentAt: this.sent.sentAt });
  }

  receiveFetch(): void {
    if (this.sent) this.do({ type: "fetched-all", ...this.sent });
    this.sent = null;
  }

  /** Events overtake each other, as those of two processes of the platform may. */
  overtake(): void {
    const wire = this.platform.wire ?? [];
    const events = wire.filter((message) => message.type === "event").reverse();
    this.platform.wire &&= wire.map((message) => (message.type === "event" ? events.shift()! : message));
  }

  /** The log is told once more, as after a reconnect that asked for more than it had missed. */
  replayAll(): void {
    for (const event of this.platform.log) this.do({ type: "message", message: { type: "event", event } });
  }

  /** Some of what was under way is lost, then the log is replayed and all stores are fetched. */
  reconnect(): void {
    this.platform.wire = [];
    for (const event of this.platform.log.slice(this.confirmed))
      this.do({ type: "message", message: { type: "event", event } });
    this.confirmed = this.platform.log.length;
    this.sendFetch();
  }

  /** What the patience of LiveContext leads to. */
  followUp(): void {
    if (this.state.doubt !== null) {
      this.sendFetch();
      this.receiveFetch();
    }
    for (const name of Object.keys(this.state.awaited)) {
      const store = this.platform.byName(name);
      this.do({ type: "fetched-one", name, store, sentAt: this.state.clock });
    }
  }

  private do(action: Parameters<typeof reduce>[1]): void {
    this.state = reduce(this.state, action);
  }
}

type Act = (platform: Platform, page: Page) => void;

const name = fc.constantFrom(...names);
/** What can happen while the connection holds. */
const steady: fc.Arbitrary<Act> = fc.oneof(
  name.map(
    (each): Act =>
      (platform) =>
        platform.create(each),
  ),
  fc.tuple(name, fc.constantFrom<Phase>("Provisioning", "Ready", "Failed", "Degraded")).map(
    ([each, phase]): Act =>
      (platform) =>
        platform.move(each, phase),
  ),
  name.map(
    (each): Act =>
      (platform) =>
        platform.requestDelete(each),
  ),
  name.map(
    (each): Act =>
      (platform) =>
        platform.finishDelete(each),
  ),
  name.map(
    (each): Act =>
      (platform) =>
        platform.stepOn(each),
  ),
  fc.integer({ min: 1, max: 6 }).map(
    (count): Act =>
      (_, page) =>
        page.deliver(count),
  ),
);
const anything: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: steady },
  { weight: 1, arbitrary: fc.constant<Act>((_, page) => page.sendFetch()) },
  { weight: 1, arbitrary: fc.constant<Act>((_, page) => page.receiveFetch()) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 3 }).map(
      (from): Act =>
        (_, page) =>
          page.receivePage(from),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>((_, page) => page.replayAll()) },
  { weight: 1, arbitrary: fc.constant<Act>((_, page) => page.overtake()) },
  { weight: 1, arbitrary: fc.constant<Act>((platform) => void (platform.wire = null)) },
  { weight: 1, arbitrary: fc.constant<Act>((_, page) => page.reconnect()) },
);

describe("after any sequence of events", () => {
  it("what is shown equals what a fresh fetch shows, and the log has every event once", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 60 }), (sequence) => {
        const { platform, page } = run(sequence);
        if (platform.wire === null) page.reconnect();
        page.receiveFetch();
        page.deliver(Infinity);
        page.followUp();
        expect(shown(page.state)).toEqual(platform.stores.map(shape).sort());
        expect(page.state.events.map((event) => event.id)).toEqual(platform.log.map((event) => event.id).reverse());
      }),
      { numRuns: 3000 },
    );
  });

  it("nothing but messages is needed while the connection holds", () => {
    fc.assert(
      fc.property(fc.array(steady, { maxLength: 60 }), (sequence) => {
        const { platform, page } = run(sequence);
        page.deliver(Infinity);
        expect(shown(page.state)).toEqual(platform.stores.map(shape).sort());
        for (const each of names) expect(storeByName(page.state, each)?.id).toBe(platform.youngest(each)?.id);
      }),
      { numRuns: 3000 },
    );
  });

  it("a shape that got lost is missed by the event that it belonged to", () => {
    fc.assert(
      fc.property(
        fc.array(steady, { maxLength: 40 }),
        fc.array(fc.boolean(), { minLength: 40 }),
        (sequence, losses) => {
          const { platform, page } = run(sequence, losses);
          page.deliver(Infinity);
          page.followUp();
          expect(page.state.awaited).toEqual({});
          // One that is on its way out beside a successor of its name can't be asked for; the next fetch of all has it.
          const living = (stores: Store[]) =>
            stores
              .filter((store) => store.phase !== "Deleting")
              .map(shape)
              .sort();
          expect(living(Object.values(page.state.stores))).toEqual(living(platform.stores));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

/** Lets things happen; where `losses` says so, the shape that should follow an event never arrives. */
function run(sequence: Act[], losses: boolean[] = []): { platform: Platform; page: Page } {
  const platform = new Platform();
  const page = new Page(platform);
  sequence.forEach((act, place) => {
    const before = new Set(platform.wire);
    act(platform, page);
    if (!losses[place]) return;
    const told = platform.wire?.some((message) => message.type === "event" && !before.has(message));
    if (told) platform.wire = platform.wire!.filter((message) => message.type !== "store" || before.has(message));
  });
  return { platform, page };
}

function shape(store: Store): string {
  return `${store.id} ${store.name} ${store.phase} ${store.message}`;
}

function shown(state: LiveState): string[] {
  return Object.values(state.stores).map(shape).sort();
}

describe("the log", () => {
  const event = (id: number, store = "alpha", second = id) =>
    ({
      id,
      store,
      type: "SPEC_CHANGED",
      phase: "Ready",
      ...bare,
      timestamp: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
    }) satisfies StoreEvent;
  const heard = (events: StoreEvent[]) =>
    events.reduce(
      (state, each) => reduce(state, { type: "message", message: { type: "event", event: each } }),
      initialState,
    );

  it("is in order whatever the order in which it comes, without doubles", () => {
    const ids = heard([event(3), event(1), event(2), event(3), event(1)]).events.map((each) => each.id);
    expect(ids).toEqual([3, 2, 1]);
  });

  it("forgets the oldest", () => {
    const events = Array.from({ length: eventsKept + 5 }, (_, place) => event(place + 1));
    const kept = heard(events).events;
    expect(kept).toHaveLength(eventsKept);
    expect(kept[0]!.id).toBe(eventsKept + 5);
    expect(kept.at(-1)!.id).toBe(6);
  });

  it("of a store has nothing of an earlier store of that name", () => {
    const store = { name: "alpha", created_at: new Date(Date.UTC(2026, 0, 1) + 5000).toISOString() };
    const merged = mergeEvents([event(7), event(4), event(6, "beta")], [event(6), event(5)], store);
    expect(merged.map((each) => each.id)).toEqual([7, 6, 5]);
  });
});
