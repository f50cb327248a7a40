import { Link, Navigate } from "react-router";
import { Heading } from "../components/Heading";
import { LineItem, lineTitle } from "../components/LineItem";
import { Loading, Notice, Problem } from "../components/Notice";
import { QuantityInput } from "../components/QuantityInput";
import { Totals } from "../components/Totals";
import { useCart } from "../shop/CartContext";
import type { Cart } from "../shop/cart";
import { useChangeLine } from "../shop/changes";
import { explain } from "../shop/medusa";
import { unseenOrder } from "../shop/orders";

/** What the shopper has gathered so far. */
export function CartPage() {
  const { cart, problem } = useCart();
  return (
    <>
      <Heading>Your cart</Heading>
      {problem ? (
        <Notice title="The cart can't be shown" retry={problem.retry}>
          {explain(problem.error)}
        </Notice>
      ) : cart === undefined ? (
        <Loading what="the cart" />
      ) : cart?.items?.length ? (
        <FilledCart cart={cart} />
      ) : (
        <NoPieces />
      )}
    </>
  );
}

/**
 * Shown by the checkout, too, when there is nothing to check out. The pieces may have become an order that the shopper
 * never saw, for the page was reloaded or left in the meantime; an empty cart would make them order again.
 */
export function NoPieces() {
  const placed = unseenOrder();
  return placed ? <Navigate to={`/order/${placed}`} replace /> : <EmptyCart />;
}

function EmptyCart() {
  return (
    <section className="notice quiet" data-testid="empty-cart">
      <h2>Nothing in it yet</h2>
      <p>Have a look around; what you add waits here for you.</p>
      <Link to="/" className="button">
        See all products
      </Link>
    </section>
  );
}

function FilledCart({ cart }: { cart: Cart }) {
  const change = useChangeLine(cart);
  return (
    <div className="two-columns">
      <section aria-label="Pieces">
        <Problem testId="cart-problem">{change.error ? explain(change.error) : null}</Problem>
        <ul className="lines">
          {(cart.items ?? []).map((line) => (
            <LineItem key={line.id} line={line} currency={cart.currency_code} testId="cart-line">
              <div className="row line-controls">
                <QuantityInput
                  label={`Quantity of ${lineTitle(line)}`}
                  value={line.quantity}
                  max={Infinity}
                  disabled={change.isPending}
                  onChange={(quantity) => change.mutate({ lineId: line.id, quantity, title: lineTitle(line) })}
                />
                <button
                  type="button"
                  className="link"
                  data-testid="remove-line"
                  aria-label={`Remove ${lineTitle(line)}`}
                  disabled={change.isPending}
                  onClick={() => change.mutate({ lineId: line.id, quantity: 0, title: lineTitle(line) })}
                >
                  Remove
                </button>
              </div>
            </LineItem>
          ))}
        </ul>
      </section>
      <aside className="summary" aria-label="Sum">
        <Totals of={cart} />
        <Link to="/checkout" className="button block" data-testid="go-to-checkout">
          Go to checkout
        </Link>
        <p className="small">
          <Link to="/">Keep looking around</Link>
        </p>
      </aside>
    </div>
  );
}
