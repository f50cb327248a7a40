import { request } from "./http";
import type {
  AuditEntry,
  Availability,
  Changes,
  Credentials,
  Drift,
  Engine,
  Health,
  Me,
  Member,
  NewMember,
  NewRule,
  NewStore,
  NewToken,
  Page,
  Plan,
  Role,
  Rule,
  Store,
  StoreDetail,
  StoreEvent,
  Token,
  TokenWish,
} from "./types";

const store = (name: string) => `/stores/${encodeURIComponent(name)}`;
const members = (tenant: string) => `/tenants/${encodeURIComponent(tenant)}/members`;

export const api = {
  me: (signal?: AbortSignal) => request<Me>("/me", withSignal(signal)),
  engines: () => request<Engine[]>("/engines"),
  plans: () => request<Plan[]>("/plans"),
  // Not ready is an answer, too: it comes as 503 with the reasons.
  health: (signal?: AbortSignal) => request<Health>("/health", { ...withSignal(signal), alsoFine: [503] }),
  store: (name: string, signal?: AbortSignal) => request<StoreDetail>(store(name), withSignal(signal)),
  /** All of them; `onPage` is told each page as soon as it is there. */
  stores: (onPage?: (stores: Store[]) => void) => all<Store>("/stores?page_size=200", undefined, onPage),
  drift: (name: string, signal?: AbortSignal) => request<Drift>(`${store(name)}/drift`, withSignal(signal)),
  rules: (name: string, signal?: AbortSignal) => all<Rule>(`${store(name)}/drift/rules?page_size=200`, signal),
  addRule: (name: string, rule: NewRule) => request<Rule>(`${store(name)}/drift/rules`, { method: "POST", body: rule }),
  removeRule: (name: string, id: number) => request<null>(`${store(name)}/drift/rules/${id}`, { method: "DELETE" }),
  name: (name: string, signal?: AbortSignal) =>
    request<Availability>(`/names/${encodeURIComponent(name)}`, withSignal(signal)),
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
  tokens: (filter: Filter, page: string | null, signal?: AbortSignal) => pageOf<Token>("/tokens", filter, page, signal),
  createToken: (wish: TokenWish) => request<NewToken>("/tokens", { method: "POST", body: wish }),
  revokeToken: (id: number) => request<null>(`/tokens/${id}`, { method: "DELETE" }),
  members: (tenant: string, page: string | null, signal?: AbortSignal) =>
    pageOf<Member>(members(tenant), {}, page, signal),
  addMember: (tenant: string, wish: NewMember) => request<Member>(members(tenant), { method: "POST", body: wish }),
  changeMember: (tenant: string, id: number, role: Role) =>
    request<Member>(`${members(tenant)}/${id}`, { method: "PATCH", body: { role } }),
  removeMember: (tenant: string, id: number) => request<null>(`${members(tenant)}/${id}`, { method: "DELETE" }),
  audit: (filter: Filter, page: string | null, signal?: AbortSignal) =>
    pageOf<AuditEntry>("/audit", filter, page, signal),
};

/** Query parameters; those without a value are left out. */
export type Filter = Readonly<Record<string, string | null>>;

/** A page of a list; `page` is the `next` of the page before, null for the first. */
function pageOf<T>(path: string, filter: Filter, page: string | null, signal?: AbortSignal): Promise<Page<T>> {
  const query = new URLSearchParams({ page_size: "50" });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return request<Page<T>>(page ? local(page) : `${path}?${query.toString()}`, withSignal(signal));
}

function withSignal(signal: AbortSignal | undefined) {
  return signal ? { signal } : {};
}

/** A whole list, page by page. */
async function all<T>(first: string, signal?: AbortSignal, onPage?: (rows: T[]) => void): Promise<T[]> {
  const rows: T[] = [];
  let next: string | null = first;
  while (next) {
    const page: Page<T> = await request<Page<T>>(local(next), withSignal(signal));
    rows.push(...page.results);
    next = page.next;
    if (next) onPage?.(page.results);
  }
  return rows;
}

/** A link of the API without its origin: behind a proxy the platform may know itself by another name than we do. */
function local(link: string): string {
  const url = new URL(link, window.location.href);
  return url.pathname + url.search;
}
