/** What the browser remembers of a shopper between visits. Each shop has an origin, so a memory, of its own. */
export const memory = {
  cartId: remembered("storeplane.cart"),
  regionId: remembered("storeplane.region"),
};

function remembered(key: string) {
  return {
    get(): string | null {
      try {
        return localStorage.getItem(key);
      } catch {
        // Storage can be switched off; then a cart lives as long as the page.
        return null;
      }
    },
    set(value: string | null): void {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch {
        // As above.
      }
    },
  };
}
