import type { HttpTypes } from "@medusajs/types";
import { completeCart, findOrder, isCompleted, type Order } from "./completion";
import { isGone, OrderRefused, type Sdk } from "./medusa";
import { memory } from "./memory";

export type Cart = HttpTypes.StoreCart;
/** Asked for with every answer that is a cart; adds to Medusa's default fields. */
export const cartFields = "+completed_at,*shipping_methods,*payment_collection.payment_sessions";

/** Told of the order that the remembered cart turned out to have become. */
export type OrderFound = (order: Order) => void;

/**
 * The shopper's cart, or null when there is none. A remembered cart that was completed or is gone is forgotten, so
 * that the next piece starts a new one; the order of a completed one is found first, as its answer may have been lost.
 */
export async function loadCart(sdk: Sdk, found: OrderFound): Promise<Cart | null> {
  const id = memory.cartId.get();
  if (!id) return null;
  const cart = await retrieveCart(sdk, id);
  if (cart && !isCompleted(cart)) return cart;
  const order = cart && (await findOrder(sdk, id));
  if (order) found(order);
  forget(id);
  return null;
}

async function retrieveCart(sdk: Sdk, id: string): Promise<Cart | null> {
  try {
    return (await sdk.store.cart.retrieve(id, { fields: cartFields })).cart;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Another tab, or an answer that came in between, may have started a new cart, which stays. */
function forget(id: string): void {
  if (memory.cartId.get() === id) memory.cartId.set(null);
}

/** Puts pieces of a variant into the cart; makes a cart when there is none, or when the remembered one is lost. */
export async function addToCart(
  sdk: Sdk,
  piece: { regionId: string; variantId: string; quantity: number },
  found: OrderFound,
): Promise<Cart> {
  const current = await loadCart(sdk, found);
  const cart = current ?? (await createCart(sdk, piece.regionId));
  const answer = await sdk.store.cart.createLineItem(
    cart.id,
    { variant_id: piece.variantId, quantity: piece.quantity },
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

/** The cart costs something else than the shopper was shown, for another tab changed it; nothing was ordered. */
export class CartChanged extends OrderRefused {
  constructor(readonly cart: Cart) {
    super("The cart has changed. Look at it again before you order.");
  }
}

/**
 * Chooses how to pay and turns the cart that the shopper saw into an order; raises an Error with the reason when the
 * backend refuses. A cart that was completed before gives its order: its payment must not be begun anew, for Medusa
 * would drop the authorised one.
 */
export async function placeOrder(sdk: Sdk, shown: Cart, providerId: string): Promise<Order> {
  const { cart } = await sdk.store.cart.retrieve(shown.id, { fields: cartFields });
  if (!isCompleted(cart)) {
    if (cart.total !== shown.total || cart.currency_code !== shown.currency_code) throw new CartChanged(cart);
    await choosePayment(sdk, cart, providerId);
  }
  const result = await completeCart(sdk, cart.id);
  if (result.type !== "order") throw new OrderRefused(result.error.message);
  forget(cart.id);
  return result.order;
}

async function choosePayment(sdk: Sdk, cart: Cart, providerId: string): Promise<void> {
  const chosen = cart.payment_collection?.payment_sessions?.find((session) => session.provider_id === providerId);
  // An authorised one belongs to an order that is being placed right now, or completes as it is.
  if (chosen?.status === "pending" || chosen?.status === "authorized") return;
  await sdk.store.payment.initiatePaymentSession(cart, { provider_id: providerId });
}
