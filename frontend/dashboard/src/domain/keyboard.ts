/** What a single key asks for; null for a key that belongs to something else. */
export type Shortcut = "next" | "previous" | "search" | "new" | "help";

/** For the list that `?` shows: the keys, and what they do. */
export const shortcuts: readonly [keys: string, does: string][] = [
  ["j", "go to the next store"],
  ["k", "go to the store before"],
  ["↓ ↑", "the same, once you are at a store"],
  ["Enter", "open it"],
  ["/", "search"],
  ["n", "make a store"],
  ["?", "show these keys"],
];

const byKey: Record<string, Shortcut> = { j: "next", k: "previous", "/": "search", n: "new", "?": "help" };
const byArrow: Record<string, Shortcut> = { ArrowDown: "next", ArrowUp: "previous" };

/** As much of a keyboard event as decides; `typing` is in a field or a dialog, `atStore` on a store of the list. */
export interface Press {
  key: string;
  modified: boolean;
  typing: boolean;
  atStore: boolean;
}

export function shortcutOf({ key, modified, typing, atStore }: Press): Shortcut | null {
  if (modified || typing) return null;
  // Elsewhere the arrows scroll the page.
  return byKey[key] ?? (atStore ? byArrow[key] : undefined) ?? null;
}

/** The place that the focus goes to in a list of `length`, from `at` (-1 is outside of it); null where there is none. */
export function neighbour(length: number, at: number, shortcut: "next" | "previous"): number | null {
  if (length === 0) return null;
  if (at < 0) return 0;
  return Math.min(length - 1, Math.max(0, at + (shortcut === "next" ? 1 : -1)));
}
