import type { HttpTypes } from "@medusajs/types";
import { isGone, isPassing, OrderRefused, type Sdk } from "./medusa";
import { memory } from "./memory";

export type Cart = HttpTypes.StoreCart;
/** Asked for with every answer that is a cart; adds to Medusa's default fields. */
export const cartFields = "+completed_at,*shipping_methods,*payment_collection.payment_sessions";

export type Order = HttpTypes.StoreOrder;

/**
 * The shopper's cart, or null when there is none. A remembered cart that was completed or is gone is forgotten, so
 * that the next piece starts a new one.
 */
export async function loadCart(sdk: Sdk): Promise<Cart | null> {
  const id = memory.cartId.get();
  if (!id) return null;
  try {
    const { cart } = await sdk.store.cart.retrieve(id, { fields: cartFields });
    if (!isCompleted(cart)) return cart;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  memory.cartId.set(null);
  return null;
}

function isCompleted(cart: Cart): boolean {
  return Boolean((cart as Cart & { completed_at?: string | null }).completed_at);
}

/** Puts pieces of a variant into the cart; makes a cart when there is none, or when the remembered one is lost. */
export async function addToCart(sdk: Sdk, regionId: string, variantId: string, quantity: number): Promise<Cart> {
  const current = await loadCart(sdk);
  const cart = current ?? (await createCart(sdk, regionId));
  const answer = await sdk.store.cart.createLineItem(
    cart.id,
    { variant_id: variantId, quantity },
    { fields: cartFields },
  );
  return answer.cart;
}

async function createCart(sdk: Sdk, regionId: string): Promise<Cart> {
  const { cart } = await sdk.store.cart.create({ region_id: regionId });
  memory.cartId.set(cart.id);
  return cart;
}

/** Sets how many pieces of a line are wanted; none removes the line. */
export async function setQuantity(sdk: Sdk, cartId: string, lineId: string, quantity: number): Promise<Cart> {
  if (quantity > 0)
    return (await sdk.store.cart.updateLineItem(cartId, lineId, { quantity }, { fields: cartFields })).cart;
  await sdk.store.cart.deleteLineItem(cartId, lineId);
  return (await sdk.store.cart.retrieve(cartId, { fields: cartFields })).cart;
}

/** Chooses how to pay and turns the cart into an order; raises an Error with the reason when the backend refuses. */
export async function placeOrder(sdk: Sdk, cart: Cart, providerId: string): Promise<Order> {
  const chosen = cart.payment_collection?.payment_sessions?.find((session) => session.provider_id === providerId);
  if (!chosen || chosen.status !== "pending") {
    await sdk.store.payment.initiatePaymentSession(cart, { provider_id: providerId });
  }
  const result = await completeCart(sdk, cart.id);
  if (result.type !== "order") throw new OrderRefused(result.error.message);
  memory.cartId.set(null);
  return result.order;
}

/** Completing a cart twice gives the same order, so a lost answer is asked for once more. */
async function completeCart(sdk: Sdk, cartId: string) {
  try {
    return await sdk.store.cart.complete(cartId);
  } catch (error) {
    if (!isPassing(error)) throw error;
    return await sdk.store.cart.complete(cartId);
  }
}
