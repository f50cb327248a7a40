import { request } from "./http";
import type {
  Changes,
  Credentials,
  Engine,
  Health,
  Me,
  NewStore,
  Page,
  Plan,
  Store,
  StoreDetail,
  StoreEvent,
} from "./types";

const store = (name: string) => `/stores/${encodeURIComponent(name)}`;

export const api = {
  me: (signal?: AbortSignal) => request<Me>("/me", withSignal(signal)),
  engines: () => request<Engine[]>("/engines"),
  plans: () => request<Plan[]>("/plans"),
  // Not ready is an answer, too: it comes as 503 with the reasons.
  health: (signal?: AbortSignal) => request<Health>("/health", { ...withSignal(signal), alsoFine: [503] }),
  store: (name: string, signal?: AbortSignal) => request<StoreDetail>(store(name), withSignal(signal)),
  stores: allStores,
  createStore: (wish: NewStore) => request<StoreDetail>("/stores", { method: "POST", body: wish }),
  changeStore: (name: string, changes: Changes) =>
    request<StoreDetail>(store(name), { method: "PATCH", body: changes }),
  deleteStore: (name: string) => request<unknown>(store(name), { method: "DELETE" }),
  reconcileStore: (name: string) => request<unknown>(`${store(name)}/reconcile`, { method: "POST" }),
  retryStore: (name: string) => request<unknown>(`${store(name)}/retry`, { method: "POST" }),
  credentials: (name: string) => request<Credentials>(`${store(name)}/credentials`),
  /** One page of the activity log, newest first; `page` is the `next` of the page before. */
  logs: (name: string, page: string | null, signal?: AbortSignal) =>
    request<Page<StoreEvent>>(page ? local(page) : `${store(name)}/logs?page_size=100`, withSignal(signal)),
};

function withSignal(signal: AbortSignal | undefined) {
  return signal ? { signal } : {};
}

/** Every store that the caller may see, page by page. */
async function allStores(signal?: AbortSignal): Promise<Store[]> {
  const stores: Store[] = [];
  let next: string | null = "/stores?page_size=200";
  while (next) {
    const page: Page<Store> = await request<Page<Store>>(local(next), withSignal(signal));
    stores.push(...page.results);
    next = page.next;
  }
  return stores;
}

/** A link of the API without its origin: behind a proxy the platform may know itself by another name than we do. */
function local(link: string): string {
  const url = new URL(link, window.location.href);
  return url.pathname + url.search;
}
