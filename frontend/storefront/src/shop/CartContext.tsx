import { useMutation, useQuery, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import type { HttpTypes } from "@medusajs/types";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { addToCart, cartFields, cartKey, cartScope, loadCart, setQuantity, type Cart } from "./cart";
import type { Order } from "./completion";
import { explain } from "./medusa";
import { keepOrder } from "./orders";
import { useShop } from "./ShopContext";

interface CartState {
  /** Undefined while it is being asked for, null when there is none yet. */
  cart: Cart | null | undefined;
  problem: { error: unknown; retry: () => void } | null;
  /** What a screen reader is told about the last change. */
  announcement: string;
  add: UseMutationResult<Cart, unknown, { variantId: string; quantity: number; title: string }>;
  change: UseMutationResult<Cart, unknown, { lineId: string; quantity: number; title: string }>;
  update: UseMutationResult<Cart, unknown, HttpTypes.StoreUpdateCart>;
  ship: UseMutationResult<Cart, unknown, string>;
  relocate: UseMutationResult<Cart, unknown, string>;
}

const CartContext = createContext<CartState | null>(null);

/** The one cart of the shopper, and everything that changes it. */
export function CartProvider({ children }: { children: ReactNode }) {
  const { sdk, region } = useShop();
  const client = useQueryClient();
  const [announcement, announce] = useState("");
  const found = (order: Order) => keepOrder(client, order);
  const { data: cart, error, refetch } = useQuery({ queryKey: cartKey, queryFn: () => loadCart(sdk, found) });

  const changed = {
    scope: cartScope,
    // A look at the cart that was sent before the change and is answered after it would bring the old cart back.
    onMutate: () => client.cancelQueries({ queryKey: cartKey }),
    onSuccess: async (next: Cart) => {
      await client.cancelQueries({ queryKey: cartKey });
      client.setQueryData(cartKey, next);
    },
    onError: (failure: unknown) => {
      announce(explain(failure));
      // It may be gone, or half of the change may have been made.
      void client.invalidateQueries({ queryKey: cartKey });
    },
  };
  const add = useMutation({
    ...changed,
    mutationFn: (piece: { variantId: string; quantity: number; title: string }) =>
      addToCart(sdk, { ...piece, regionId: region!.id }, found),
    onSuccess: async (next, piece) => {
      await changed.onSuccess(next);
      announce(`${piece.quantity} × ${piece.title} added to the cart.`);
    },
  });
  const change = useMutation({
    ...changed,
    mutationFn: (line: { lineId: string; quantity: number; title: string }) =>
      setQuantity(sdk, cart!.id, line.lineId, line.quantity),
    onSuccess: async (next, line) => {
      await changed.onSuccess(next);
      announce(
        line.quantity > 0 ? `${line.title}: quantity ${line.quantity}.` : `${line.title} removed from the cart.`,
      );
    },
  });
  const update = useMutation({
    ...changed,
    mutationFn: async (fields: HttpTypes.StoreUpdateCart) =>
      (await sdk.store.cart.update(cart!.id, fields, { fields: cartFields })).cart,
  });
  const ship = useMutation({
    ...changed,
    mutationFn: async (optionId: string) =>
      (await sdk.store.cart.addShippingMethod(cart!.id, { option_id: optionId }, { fields: cartFields })).cart,
  });
  const relocate = useMutation({
    ...changed,
    mutationFn: async (regionId: string) =>
      (await sdk.store.cart.update(cart!.id, { region_id: regionId }, { fields: cartFields })).cart,
  });

  // A cart keeps the region it was made in until the shopper chooses another; then its prices must follow.
  const astray = cart && region && cart.region_id !== region.id ? region.id : null;
  const { mutate: move } = relocate;
  useEffect(() => {
    if (astray) move(astray);
  }, [astray, move]);

  const state = useMemo(
    () => ({
      cart,
      problem: error && cart === undefined ? { error, retry: () => void refetch() } : null,
      announcement,
      add,
      change,
      update,
      ship,
      relocate,
    }),
    [cart, error, refetch, announcement, add, change, update, ship, relocate],
  );
  return <CartContext value={state}>{children}</CartContext>;
}

export function useCart(): CartState {
  const state = useContext(CartContext);
  if (!state) throw new Error("useCart is called outside of CartProvider.");
  return state;
}

/** Looks again at what became of the cart; an order that was placed has taken it. */
export function useRefreshCart(): void {
  const client = useQueryClient();
  useEffect(() => void client.invalidateQueries({ queryKey: cartKey }), [client]);
}
