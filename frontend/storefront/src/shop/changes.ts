import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { HttpTypes } from "@medusajs/types";
import { addToCart, cartFields, setQuantity, type Cart } from "./cart";
import { changeOptions } from "./cartCache";
import { useCart } from "./CartContext";
import { keepOrder } from "./orders";
import { useShop } from "./ShopContext";

// Each hook is called by the component that shows how the change went: the outcome, and where to go after it, then die
// with the component instead of turning up on another page. What became of the cart is kept all the same.

interface Piece {
  variantId: string;
  quantity: number;
  title: string;
}

interface LineChange {
  lineId: string;
  quantity: number;
  title: string;
}

/** Makes a change of the cart, and says so to a screen reader when there is something to say. */
function useCartChange<Wish>(make: (wish: Wish) => Promise<Cart>, told?: (wish: Wish) => string) {
  const client = useQueryClient();
  const { announce } = useCart();
  const options = changeOptions(client, announce);
  return useMutation({
    ...options,
    mutationFn: make,
    onSuccess: async (next, wish: Wish) => {
      await options.onSuccess(next);
      if (told) announce(told(wish));
    },
  });
}

/** Puts pieces into the cart. */
export function useAddToCart() {
  const { sdk, region } = useShop();
  const client = useQueryClient();
  return useCartChange(
    (piece: Piece) => addToCart(sdk, { ...piece, regionId: region!.id }, (order) => keepOrder(client, order)),
    (piece) => `${piece.quantity} × ${piece.title} added to the cart.`,
  );
}

/** Sets how many pieces of a line are wanted; none removes the line. */
export function useChangeLine(cart: Cart) {
  const { sdk } = useShop();
  return useCartChange(
    (line: LineChange) => setQuantity(sdk, cart.id, line.lineId, line.quantity),
    (line) =>
      line.quantity > 0 ? `${line.title}: quantity ${line.quantity}.` : `${line.title} removed from the cart.`,
  );
}

/** Changes who buys and where it goes. */
export function useUpdateCart(cart: Cart) {
  const { sdk } = useShop();
  return useCartChange(
    async (fields: HttpTypes.StoreUpdateCart) =>
      (await sdk.store.cart.update(cart.id, fields, { fields: cartFields })).cart,
  );
}

/** Chooses a way of shipping by the id of its option. */
export function useShipCart(cart: Cart) {
  const { sdk } = useShop();
  return useCartChange(
    async (optionId: string) =>
      (await sdk.store.cart.addShippingMethod(cart.id, { option_id: optionId }, { fields: cartFields })).cart,
  );
}
