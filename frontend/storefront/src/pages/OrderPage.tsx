import { Link, useParams } from "react-router";
import { Heading } from "../components/Heading";
import { LineItem } from "../components/LineItem";
import { Loading, Notice } from "../components/Notice";
import { Totals } from "../components/Totals";
import { placeLine } from "../domain/address";
import { paymentLabel } from "../domain/checkout";
import { useRefreshCart } from "../shop/CartContext";
import type { Order } from "../shop/completion";
import { explain } from "../shop/medusa";
import { useOrder } from "../shop/orders";
import { NotFoundPage } from "./NotFoundPage";

/** The order that was placed. Its address can be kept: the page can be opened again. */
export function OrderPage() {
  const { id = "" } = useParams();
  const { data: order, error, isPending, refetch } = useOrder(id);
  useRefreshCart();
  if (isPending) return <Loading what="the order" />;
  if (error && !order) {
    return (
      <Notice title="The order can't be shown" retry={() => void refetch()}>
        {explain(error)}
      </Notice>
    );
  }
  if (!order) return <NotFoundPage what="order" />;
  return <Confirmation order={order} />;
}

function Confirmation({ order }: { order: Order }) {
  const address = order.shipping_address;
  const provider = order.payment_collections?.[0]?.payments?.[0]?.provider_id;
  return (
    <section data-testid="order-confirmed">
      <p className="check" aria-hidden="true">
        ✓
      </p>
      <Heading title={`Order ${order.display_id}`}>Thank you, your order is placed</Heading>
      <p className="lead">
        Order number <strong data-testid="order-number">{order.display_id}</strong>
        {order.email && <> for {order.email}</>}
      </p>
      <div className="two-columns">
        <ul className="lines">
          {(order.items ?? []).map((line) => (
            <LineItem key={line.id} line={line} currency={order.currency_code} testId="order-line" />
          ))}
        </ul>
        <aside className="summary" aria-label="Sum and delivery">
          <Totals of={order} />
          {address && (
            <>
              <h2>Goes to</h2>
              <address>
                {address.first_name} {address.last_name}
                <br />
                {address.address_1}
                {address.address_2 && `, ${address.address_2}`}
                <br />
                {placeLine(address)}
              </address>
            </>
          )}
          {provider && (
            <>
              <h2>Payment</h2>
              <p>{paymentLabel(provider).title}</p>
            </>
          )}
          <Link to="/" className="button block secondary">
            Back to the shop
          </Link>
        </aside>
      </div>
    </section>
  );
}
