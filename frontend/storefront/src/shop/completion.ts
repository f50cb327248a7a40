import type { HttpTypes } from "@medusajs/types";
import { isPassing, type Sdk } from "./medusa";
import { pause } from "./pause";

export type Order = HttpTypes.StoreOrder;

/** Long enough for a backend that is still busy with the first request to come to its end, mostly. */
const pauseMs = 1500;

/** Whether an order was made of the cart. */
export function isCompleted(cart: HttpTypes.StoreCart): boolean {
  return Boolean((cart as HttpTypes.StoreCart & { completed_at?: string | null }).completed_at);
}

/** Completing a cart twice gives the same order, so a lost answer is asked for once more. */
export async function completeCart(sdk: Sdk, cartId: string): Promise<HttpTypes.StoreCompleteCartResponse> {
  try {
    return await sdk.store.cart.complete(cartId);
  } catch (error) {
    if (!isPassing(error)) throw error;
    await pause(pauseMs);
    return await sdk.store.cart.complete(cartId);
  }
}

/**
 * The order that a completed cart became, or null when the backend has none for it. Raises when asking again can help:
 * a bad moment of the network must not lose an order.
 */
export async function findOrder(sdk: Sdk, cartId: string): Promise<Order | null> {
  try {
    const result = await completeCart(sdk, cartId);
    return result.type === "order" ? result.order : null;
  } catch (error) {
    if (isPassing(error)) throw error;
    return null;
  }
}
