import type { Phase, Store } from "../api/types";

export const phases: Phase[] = [
  "Pending",
  "Provisioning",
  "Ready",
  "Degraded",
  "Failed",
  "Suspended",
  "Deleting",
  "ComingSoon",
];

export type SortKey = "name" | "phase" | "engine" | "created_at";

export interface Wish {
  text: string;
  /** Empty means all. */
  phases: readonly Phase[];
  engine: string | null;
  sort: SortKey;
  descending: boolean;
}

export const everything: Wish = { text: "", phases: [], engine: null, sort: "name", descending: false };

/** The stores that the wish asks for, in its order. */
export function list(stores: Iterable<Store>, wish: Wish): Store[] {
  const text = wish.text.trim().toLowerCase();
  const found = [...stores].filter(
    (store) =>
      (wish.phases.length === 0 || wish.phases.includes(store.phase)) &&
      (wish.engine === null || store.engine === wish.engine) &&
      (text === "" || `${store.name} ${store.display_name} ${store.tenant}`.toLowerCase().includes(text)),
  );
  const sign = wish.descending ? -1 : 1;
  return found.sort((a, b) => sign * compare(a, b, wish.sort) || compare(a, b, "name") || compareText(a.id, b.id));
}

function compare(a: Store, b: Store, key: SortKey): number {
  if (key === "phase") return phases.indexOf(a.phase) - phases.indexOf(b.phase);
  // Newest first is what "by age" means.
  if (key === "created_at") return Date.parse(b.created_at) - Date.parse(a.created_at);
  return compareText(a[key], b[key]);
}

function compareText(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How many stores are in each phase; phases without any are left out. */
export function totals(stores: Iterable<Store>): [Phase, number][] {
  const counts = new Map<Phase, number>();
  for (const store of stores) counts.set(store.phase, (counts.get(store.phase) ?? 0) + 1);
  return phases.flatMap((phase) => (counts.has(phase) ? [[phase, counts.get(phase)!] as [Phase, number]] : []));
}

/** Work that holds a slot while it runs (provisioner/operations/models.py). */
const slotted = ["provision", "reconcile"];

/** How many of the stores hold a slot, how many wait for one, and which is the first of those. */
export function queue(stores: Iterable<Store>): { working: number; waiting: number; next: Store | null } {
  let working = 0;
  let waiting = 0;
  let next: Store | null = null;
  for (const store of stores) {
    if (store.operation?.state === "running" && slotted.includes(store.operation.kind)) working += 1;
    if (store.queue_position === null) continue;
    waiting += 1;
    if (next === null || store.queue_position < next.queue_position!) next = store;
  }
  return { working, waiting, next };
}
