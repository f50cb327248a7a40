import { Link, Navigate, useParams } from "react-router";
import { Heading } from "../components/Heading";
import { LineItem } from "../components/LineItem";
import { Loading, Notice } from "../components/Notice";
import { Totals } from "../components/Totals";
import { checkoutSteps, mayOpen, nextStep, type CheckoutStep } from "../domain/checkout";
import { useCart } from "../shop/CartContext";
import type { Cart } from "../shop/cart";
import { explain } from "../shop/medusa";
import { NoPieces } from "./CartPage";
import { AddressStep } from "./checkout/AddressStep";
import { PaymentStep } from "./checkout/PaymentStep";
import { ShippingStep } from "./checkout/ShippingStep";

const titles: Record<CheckoutStep, string> = { address: "Address", shipping: "Shipping", payment: "Payment" };

/** `/checkout/:step`. A step can be opened when all before it are done; without one, the first that is left. */
export function CheckoutPage() {
  const { cart, problem } = useCart();
  const { step } = useParams();

  if (problem) {
    return (
      <Notice title="The cart can't be shown" retry={problem.retry}>
        {explain(problem.error)}
      </Notice>
    );
  }
  if (cart === undefined) return <Loading what="the cart" />;
  if (!cart?.items?.length) {
    return (
      <>
        <Heading>Checkout</Heading>
        <NoPieces />
      </>
    );
  }
  const current = checkoutSteps.find((each) => each === step);
  if (!current || !mayOpen(current, cart)) return <Navigate to={`/checkout/${nextStep(cart)}`} replace />;
  return (
    <div className="two-columns">
      <div>
        <Progress current={current} cart={cart} />
        {/* The key moves the focus to the heading of the next step. */}
        <Heading key={current}>{titles[current]}</Heading>
        {current === "address" && <AddressStep cart={cart} />}
        {current === "shipping" && <ShippingStep cart={cart} />}
        {current === "payment" && <PaymentStep cart={cart} />}
      </div>
      <Summary cart={cart} />
    </div>
  );
}

function Progress({ current, cart }: { current: CheckoutStep; cart: Cart }) {
  return (
    <nav aria-label="Steps of the checkout">
      <ol className="progress">
        {checkoutSteps.map((step) => (
          <li key={step} aria-current={step === current ? "step" : undefined}>
            {mayOpen(step, cart) && step !== current ? (
              <Link to={`/checkout/${step}`}>{titles[step]}</Link>
            ) : (
              <span>{titles[step]}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Summary({ cart }: { cart: Cart }) {
  return (
    <aside className="summary" aria-labelledby="summary-title">
      <h2 id="summary-title">Your order</h2>
      <ul className="lines compact">
        {(cart.items ?? []).map((line) => (
          <LineItem key={line.id} line={line} currency={cart.currency_code} testId="summary-line" />
        ))}
      </ul>
      <Totals of={cart} />
      <p className="small">
        <Link to="/cart">Change the cart</Link>
      </p>
    </aside>
  );
}
