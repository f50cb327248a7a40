/** What the browser remembers of a shopper between visits. Each shop has an origin, so a memory, of its own. */
export const memory = {
  cartId: remembered("storeplane.cart"),
  /** An order that was placed and whose page was not shown yet. */
  orderId: remembered("storeplane.order"),
  regionId: remembered("storeplane.region"),
};

function remembered(key: string) {
  // Storage can be switched off or full; then a value lives here, as long as the page. Undefined while storage works.
  let unstored: string | null | undefined;
  return {
    get(): string | null {
      if (unstored !== undefined) return unstored;
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(value: string | null): void {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
        unstored = undefined;
      } catch {
        unstored = value;
      }
    },
  };
}
