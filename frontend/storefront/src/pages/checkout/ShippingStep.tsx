import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import { Loading, Notice, Problem } from "../../components/Notice";
import { RadioCard } from "../../components/RadioCard";
import { formatMoney } from "../../domain/money";
import type { Cart } from "../../shop/cart";
import { useShipCart } from "../../shop/changes";
import { explain } from "../../shop/medusa";
import { useShop } from "../../shop/ShopContext";

/** How it gets there. */
export function ShippingStep({ cart }: { cart: Cart }) {
  const { sdk } = useShop();
  const ship = useShipCart(cart);
  const navigate = useNavigate();
  const [chosen, choose] = useState(cart.shipping_methods?.[0]?.shipping_option_id ?? null);
  const { data, error, isPending, refetch } = useQuery({
    // The country decides what can be had, and a changed cart may change the price.
    queryKey: ["shipping", cart.id, cart.shipping_address?.country_code, cart.item_total],
    queryFn: async () => (await sdk.store.fulfillment.listCartOptions({ cart_id: cart.id })).shipping_options,
  });
  if (isPending) return <Loading what="the ways of shipping" />;
  if (error) {
    return (
      <Notice title="The ways of shipping can't be shown" retry={() => void refetch()}>
        {explain(error)}
      </Notice>
    );
  }
  if (data.length === 0) {
    return (
      <Notice title="No way of shipping" tone="quiet">
        This shop does not ship to your address. Go back and choose another country.
      </Notice>
    );
  }
  const selected = data.find((option) => option.id === chosen) ?? data[0]!;

  function submit(event: FormEvent) {
    event.preventDefault();
    ship.mutate(selected.id, { onSuccess: () => void navigate("/checkout/payment") });
  }

  return (
    <form onSubmit={submit} className="fields" aria-label="Shipping">
      <fieldset className="radio-cards">
        <legend className="visually-hidden">Way of shipping</legend>
        {data.map((option) => (
          <RadioCard
            key={option.id}
            name="shipping"
            value={option.id}
            checked={option.id === selected.id}
            onChoose={() => choose(option.id)}
            title={option.name}
            note={option.type?.description ?? ""}
            price={formatMoney(option.amount, cart.currency_code)}
            testId="shipping-option"
          />
        ))}
      </fieldset>
      <Problem testId="checkout-problem">{ship.isError && explain(ship.error)}</Problem>
      <button type="submit" className="button" disabled={ship.isPending} data-testid="continue">
        {ship.isPending ? "Saving…" : "Continue to payment"}
      </button>
    </form>
  );
}
