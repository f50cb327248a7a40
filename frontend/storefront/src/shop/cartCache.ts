import { notifyManager, type QueryClient } from "@tanstack/react-query";
import type { Cart } from "./cart";
import { explain } from "./medusa";

/** Where the cart is in the cache. */
export const cartKey = ["cart"];
/** All changes of the cart run one after another: Medusa locks the cart, and the last answer must be the newest. */
export const cartScope = { id: "cart" };

/** What all changes of the cart have in common; `announce` tells a screen reader. */
export function changeOptions(client: QueryClient, announce: (sentence: string) => void) {
  return {
    scope: cartScope,
    // A look at the cart that was sent before the change and is answered after it would bring the old cart back.
    onMutate: () => client.cancelQueries({ queryKey: cartKey }),
    onSuccess: async (next: Cart) => {
      await client.cancelQueries({ queryKey: cartKey });
      client.setQueryData(cartKey, next);
      await told();
    },
    onError: (failure: unknown) => {
      announce(explain(failure));
      // It may be gone, or half of the change may have been made.
      void client.invalidateQueries({ queryKey: cartKey });
    },
  };
}

/**
 * Until those who show the cart were told of it. They are told in a task of their own, and who is led on to the next step
 * before would be led back, as a step is judged by the cart that is shown.
 */
function told(): Promise<void> {
  return new Promise((resolve) => notifyManager.schedule(resolve));
}
