import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { CartChanged, placeOrder, type Cart } from "./cart";
import { cartKey, cartScope } from "./cartCache";
import type { Order } from "./completion";
import { isGone } from "./medusa";
import { memory } from "./memory";
import { useShop } from "./ShopContext";

/** Keeps an order that was placed: at hand at once, and found again after a reload until its page was shown. */
export function keepOrder(client: QueryClient, order: Order): void {
  memory.orderId.set(order.id);
  client.setQueryData(["order", order.id], order);
}

/** The id of an order that was placed and whose page was not shown yet. */
export function unseenOrder(): string | null {
  return memory.orderId.get();
}

/** An order by its id, for the page that confirms it; `null` when there is none. Either way it was seen then. */
export function useOrder(id: string) {
  const { sdk } = useShop();
  const query = useQuery({
    queryKey: ["order", id],
    queryFn: async () => {
      try {
        return (await sdk.store.order.retrieve(id, { fields: "*payment_collections.payments" })).order;
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },
    // What the checkout left here is shown at once; it lacks the payment, which this query adds.
    staleTime: 0,
  });
  const seen = query.data !== undefined;
  useEffect(() => {
    if (seen && memory.orderId.get() === id) memory.orderId.set(null);
  }, [seen, id]);
  return query;
}

/** Places the order for the cart. Its outcome goes away with the step that uses it; the order itself is kept. */
export function usePlaceOrder() {
  const { sdk } = useShop();
  const client = useQueryClient();
  return useMutation({
    scope: cartScope,
    mutationFn: ({ cart, providerId }: { cart: Cart; providerId: string }) => placeOrder(sdk, cart, providerId),
    onSuccess: async (placed) => {
      keepOrder(client, placed);
      // A look at the cart that is under way would bring the sold cart back.
      await client.cancelQueries({ queryKey: cartKey });
      client.setQueryData(cartKey, null);
      // Stock went down.
      void client.invalidateQueries({ queryKey: ["products"] });
      void client.invalidateQueries({ queryKey: ["product"] });
    },
    onError: (failure) => {
      if (failure instanceof CartChanged) client.setQueryData(cartKey, failure.cart);
      // Both answers may have been lost: a look at the cart finds its order.
      else void client.invalidateQueries({ queryKey: cartKey });
    },
  });
}
