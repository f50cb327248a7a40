import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link } from "react-router";
import { Loading, Notice, Problem } from "../../components/Notice";
import { RadioCard } from "../../components/RadioCard";
import { placeLine } from "../../domain/address";
import { paymentLabel } from "../../domain/checkout";
import { formatMoney } from "../../domain/money";
import type { Cart } from "../../shop/cart";
import { explain } from "../../shop/medusa";
import { usePlaceOrder } from "../../shop/orders";
import { useShop } from "../../shop/ShopContext";

/** How it is paid, a last look at where it goes, and the order. */
export function PaymentStep({ cart }: { cart: Cart }) {
  const { sdk } = useShop();
  const order = usePlaceOrder();
  const [chosen, choose] = useState<string | null>(null);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["payment-providers", cart.region_id],
    queryFn: async () =>
      (await sdk.store.payment.listPaymentProviders({ region_id: cart.region_id! })).payment_providers,
  });
  if (isPending) return <Loading what="the ways of paying" />;
  if (error) {
    return (
      <Notice title="The ways of paying can't be shown" retry={() => void refetch()}>
        {explain(error)}
      </Notice>
    );
  }
  const selected = data.find((provider) => provider.id === chosen) ?? data[0];
  if (!selected) {
    return (
      <Notice title="No way of paying" tone="quiet">
        This shop takes no payments in your region yet. Please tell the shop.
      </Notice>
    );
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    order.mutate({ cart, providerId: selected!.id });
  }

  return (
    <form onSubmit={submit} className="fields" aria-label="Payment">
      <fieldset className="radio-cards">
        <legend className="visually-hidden">Way of paying</legend>
        {data.map((provider) => (
          <RadioCard
            key={provider.id}
            name="payment"
            value={provider.id}
            checked={provider.id === selected.id}
            onChoose={() => choose(provider.id)}
            {...paymentLabel(provider.id)}
            testId="payment-option"
          />
        ))}
      </fieldset>
      <Destination cart={cart} />
      <Problem testId="checkout-problem">{order.isError && explain(order.error)}</Problem>
      <button type="submit" className="button" disabled={order.isPending} data-testid="place-order">
        {order.isPending ? "Placing the order…" : `Place order for ${formatMoney(cart.total, cart.currency_code)}`}
      </button>
    </form>
  );
}

function Destination({ cart }: { cart: Cart }) {
  const address = cart.shipping_address;
  return (
    <section className="destination" aria-labelledby="destination-title">
      <h2 id="destination-title">Goes to</h2>
      <p>
        {address?.first_name} {address?.last_name}, {address?.address_1}, {placeLine(address ?? {})}
        <br />
        {cart.email} · {cart.shipping_methods?.[0]?.name}
      </p>
      <Link to="/checkout/address">Change</Link>
    </section>
  );
}
