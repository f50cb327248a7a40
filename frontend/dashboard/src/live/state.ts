import type { LiveMessage, Store, StoreEvent } from "../api/types";

/**
 * What the dashboard knows, and how each thing that it hears changes it. Pure, so that the claim "after any sequence of
 * events it shows what a fresh fetch would show" can be tested as a property.
 *
 * A store's shape comes whole: by a `store` message shortly after each of its changes, or by a fetch. Events only fill
 * the log, and say which stores must be looked at; they never patch a store.
 */
export interface LiveState {
  /** False until the first fetch of all stores has arrived. */
  loaded: boolean;
  /** By id: for a while two stores can bear one name, the old one being removed, the new one waiting for it. */
  stores: Readonly<Record<string, Store>>;
  /** Newest first, without doubles, at most `eventsKept`. */
  events: readonly StoreEvent[];
  /** Counts messages; what a fetch brings is compared with what was heard since it was sent. */
  clock: number;
  /** When each store was last heard of, also of those that are gone. */
  heardOf: Readonly<Record<string, number>>;
  /** Names whose `store` message is still to come after an event. */
  awaited: Readonly<Record<string, number>>;
  /**
   * When a store was shown as on its way out although a removal of its name had been heard: the shape may have been read
   * before and come after. Only a fetch of all stores tells; null when there is no doubt.
   */
  doubt: number | null;
}

export type LiveAction =
  | { type: "message"; message: LiveMessage }
  /** `sentAt` is the clock at the time when the request was sent. */
  | { type: "fetched-all"; stores: readonly Store[]; sentAt: number }
  /** A part of what `fetched-all` will bring, shown while the rest is on its way. */
  | { type: "fetched-page"; stores: readonly Store[]; sentAt: number }
  | { type: "fetched-one"; name: string; store: Store | null; sentAt: number };

export const eventsKept = 1000;

export const initialState: LiveState = {
  loaded: false,
  stores: {},
  events: [],
  clock: 0,
  heardOf: {},
  awaited: {},
  doubt: null,
};

export function reduce(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case "message":
      return hear({ ...state, clock: state.clock + 1 }, action.message);
    case "fetched-all":
      return takeAll(state, action.stores, action.sentAt);
    case "fetched-page":
      return takePage(state, action.stores, action.sentAt);
    case "fetched-one":
      return takeOne(state, action.name, action.store, action.sentAt);
  }
}

function hear(state: LiveState, message: LiveMessage): LiveState {
  switch (message.type) {
    case "event":
      return hearEvent(state, message.event);
    case "store":
      return put(state, message.store);
    default:
      return state;
  }
}

function hearEvent(state: LiveState, event: StoreEvent): LiveState {
  const events = insertEvent(state.events, event);
  // An event that was heard before changes nothing, whatever it says.
  if (events === state.events) return state;
  const next = { ...state, events };
  if (event.type === "DELETE_COMPLETE") return remove(next, event.store);
  return { ...next, awaited: { ...next.awaited, [event.store]: state.clock } };
}

function insertEvent(events: readonly StoreEvent[], event: StoreEvent): readonly StoreEvent[] {
  const place = events.findIndex((each) => each.id <= event.id);
  if (place >= 0 && events[place]!.id === event.id) return events;
  if (place < 0 && events.length >= eventsKept) return events;
  const at = place < 0 ? events.length : place;
  return [...events.slice(0, at), event, ...events.slice(at, eventsKept - 1)];
}

/** Of those that bear the name, the oldest that is on its way out is gone; a successor stays and must be looked at. */
function remove(state: LiveState, name: string): LiveState {
  const bearers = Object.values(state.stores).filter((store) => store.name === name);
  bearers.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  const leaving = bearers.find((store) => store.phase === "Deleting");
  const gone = leaving ?? bearers[0];
  // A fetch that is under way may still bring it.
  if (!gone) return { ...state, awaited: { ...state.awaited, [name]: state.clock }, doubt: state.clock };
  // When none was known to be leaving, the one taken away may be the successor: a look brings it back.
  const settled = bearers.length === 1 && leaving !== undefined;
  return {
    ...state,
    stores: without(state.stores, String(gone.id)),
    heardOf: { ...state.heardOf, [gone.id]: state.clock },
    awaited: settled ? state.awaited : { ...state.awaited, [name]: state.clock },
  };
}

function put(state: LiveState, store: Store): LiveState {
  const stores: Record<string, Store> = { ...state.stores, [store.id]: store };
  for (const other of Object.values(state.stores)) {
    if (other.name !== store.name || other.id === store.id || other.phase === "Deleting") continue;
    // The platform shows the living store of a name, and one that is on its way out only when none lives.
    const leaving = store.phase === "Deleting" || other.created_at < store.created_at;
    if (leaving) stores[other.id] = { ...other, phase: "Deleting" };
  }
  return {
    ...state,
    stores,
    heardOf: { ...state.heardOf, [store.id]: state.clock },
    awaited: without(state.awaited, store.name),
    doubt: mayBeGone(state, store) ? state.clock : state.doubt,
  };
}

/** Whether a removal of its name was heard that ended after the store was made. */
function mayBeGone(state: LiveState, { name, phase, created_at }: Store): boolean {
  if (phase !== "Deleting") return false;
  const over = (event: StoreEvent) => event.type === "DELETE_COMPLETE" && event.store === name;
  return state.events.some((event) => over(event) && Date.parse(event.timestamp) >= Date.parse(created_at));
}

/** A fetch says how things were when it was read: what was heard of a store since it was sent is newer. */
function takeAll(state: LiveState, fetched: readonly Store[], sentAt: number): LiveState {
  const heardSince = (id: string | number) => (state.heardOf[id] ?? -1) > sentAt;
  const stores: Record<string, Store> = {};
  for (const store of fetched) if (!heardSince(store.id)) stores[store.id] = store;
  for (const store of Object.values(state.stores)) if (heardSince(store.id)) stores[store.id] = store;
  const awaited = Object.fromEntries(Object.entries(state.awaited).filter(([, since]) => since > sentAt));
  const doubt = state.doubt !== null && state.doubt > sentAt ? state.doubt : null;
  return { ...state, loaded: true, stores, awaited, doubt };
}

/** Adds what isn't known yet; what has gone meanwhile goes when the whole is there. */
function takePage(state: LiveState, fetched: readonly Store[], sentAt: number): LiveState {
  const stores = { ...state.stores };
  for (const store of fetched) if ((state.heardOf[store.id] ?? -1) <= sentAt) stores[store.id] ??= store;
  return { ...state, stores };
}

/** `store` is the living one of the name, else the one on its way out; null when there is none. */
function takeOne(state: LiveState, name: string, store: Store | null, sentAt: number): LiveState {
  const heardSince = (id: string | number) => (state.heardOf[id] ?? -1) > sentAt;
  const stores = { ...state.stores };
  for (const known of Object.values(state.stores)) {
    if (store === null && known.name === name && !heardSince(known.id)) delete stores[known.id];
  }
  const settled = (state.awaited[name] ?? -1) > sentAt ? state.awaited : without(state.awaited, name);
  const next = { ...state, stores, awaited: settled };
  if (!store || heardSince(store.id)) return next;
  const put_ = put(next, store);
  // What came by a fetch was not heard: a later fetch may replace it.
  return { ...put_, heardOf: state.heardOf, awaited: settled, doubt: state.doubt };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!(key in record)) return record;
  const { [key]: _, ...rest } = record;
  return rest;
}

/** The store that a page about `name` shows: the youngest, which is the living one if any is. */
export function storeByName(state: LiveState, name: string): Store | undefined {
  return Object.values(state.stores)
    .filter((store) => store.name === name)
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))[0];
}

/** The events of one store and not of an earlier bearer of its name, newest first, without doubles. */
export function mergeEvents(
  live: readonly StoreEvent[],
  fetched: readonly StoreEvent[],
  store: { name: string; created_at: string },
): StoreEvent[] {
  const byId = new Map(fetched.map((event) => [event.id, event]));
  const birth = Date.parse(store.created_at);
  for (const event of live) {
    if (event.store === store.name && Date.parse(event.timestamp) >= birth) byId.set(event.id, event);
  }
  return [...byId.values()].sort((a, b) => b.id - a.id);
}
