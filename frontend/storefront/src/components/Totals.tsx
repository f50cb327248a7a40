import type { HttpTypes } from "@medusajs/types";
import { formatMoney } from "../domain/money";

/**
 * The sums of a cart or an order; what is not known yet is said, not shown as zero. Medusa's `item_total` and
 * `shipping_total` are what discounts have left; the rows show the sums before them, as the discount is a row of its own.
 * All of them hold the tax, whether prices are entered with it or not, so the tax is a part of the total, not an addition.
 */
export function Totals({ of }: { of: HttpTypes.StoreCart | HttpTypes.StoreOrder }) {
  const money = (amount: number) => formatMoney(amount, of.currency_code);
  const shippingChosen = (of.shipping_methods?.length ?? 0) > 0;
  return (
    <dl className="totals">
      <div>
        <dt>Products</dt>
        <dd>{money(of.original_item_total)}</dd>
      </div>
      {of.discount_total > 0 && (
        <div>
          <dt>Discount</dt>
          <dd>−{money(of.discount_total)}</dd>
        </div>
      )}
      <div>
        <dt>Shipping</dt>
        <dd data-testid="shipping-total">
          {shippingChosen ? money(of.original_shipping_total) : "chosen at checkout"}
        </dd>
      </div>
      <div className="grand">
        <dt>Total</dt>
        <dd data-testid="total">{money(of.total)}</dd>
      </div>
      {of.tax_total > 0 && (
        <div className="small">
          <dt>Tax in it</dt>
          <dd>{money(of.tax_total)}</dd>
        </div>
      )}
    </dl>
  );
}
