import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { cartFields, loadCart, type Cart } from "./cart";
import { cartKey, changeOptions } from "./cartCache";
import { keepOrder } from "./orders";
import { useShop } from "./ShopContext";

interface CartState {
  /** Undefined while it is being asked for, null when there is none yet. */
  cart: Cart | null | undefined;
  problem: Failure | null;
  /** The shopper chose another region and the cart could not follow: it has the prices of the one it was made in. */
  leftBehind: Failure | null;
  /** What a screen reader is told about the last change. */
  announcement: string;
  announce: (sentence: string) => void;
}

interface Failure {
  error: unknown;
  retry: () => void;
}

const CartContext = createContext<CartState | null>(null);

/** The one cart of the shopper, which follows the region. What else changes it is in changes.ts and orders.ts. */
export function CartProvider({ children }: { children: ReactNode }) {
  const { sdk, region } = useShop();
  const client = useQueryClient();
  const [announcement, announce] = useState("");
  const {
    data: cart,
    error,
    refetch,
  } = useQuery({
    queryKey: cartKey,
    queryFn: () => loadCart(sdk, (order) => keepOrder(client, order)),
  });

  const {
    mutate: move,
    error: moveError,
    isError: stuck,
  } = useMutation({
    ...changeOptions(client, announce),
    mutationFn: async (regionId: string) =>
      (await sdk.store.cart.update(cart!.id, { region_id: regionId }, { fields: cartFields })).cart,
  });

  // A cart keeps the region it was made in until the shopper chooses another; then its prices must follow.
  const astray = cart && region && cart.region_id !== region.id ? region.id : null;
  useEffect(() => {
    if (astray) move(astray);
  }, [astray, move]);

  const state = useMemo(
    () => ({
      cart,
      problem: error && cart === undefined ? { error, retry: () => void refetch() } : null,
      leftBehind: astray && stuck ? { error: moveError, retry: () => move(astray) } : null,
      announcement,
      announce,
    }),
    [cart, error, refetch, astray, stuck, moveError, move, announcement],
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
