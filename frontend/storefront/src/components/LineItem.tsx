import type { ReactNode } from "react";
import { Link } from "react-router";
import { formatMoney } from "../domain/money";
import { Picture } from "./Picture";

interface Line {
  title: string;
  product_title?: string | null;
  variant_title?: string | null;
  product_handle?: string | null;
  thumbnail?: string | null;
  quantity: number;
  original_total?: number | null;
  unit_price: number;
}

interface LineItemProps {
  line: Line;
  currency: string;
  testId: string;
  /** Controls, in a cart; an order shows the number of pieces. */
  children?: ReactNode;
}

/** What a shopper calls a line. */
export function lineTitle(line: Pick<Line, "title" | "product_title">): string {
  return line.product_title || line.title;
}

/** One line of a cart or an order. */
export function LineItem({ line, currency, testId, children }: LineItemProps) {
  const title = lineTitle(line);
  // Before discounts, like the sum of the products below; with the tax, which the unit price may lack.
  const sum = line.original_total ?? line.unit_price * line.quantity;
  return (
    <li className="line" data-testid={testId}>
      <Picture url={line.thumbnail} alt="" />
      <div className="line-text">
        <p className="line-title">
          {line.product_handle ? <Link to={`/products/${line.product_handle}`}>{title}</Link> : title}
        </p>
        {line.variant_title && line.variant_title !== title && <p className="line-variant">{line.variant_title}</p>}
        {children ?? <p className="line-variant">Quantity: {line.quantity}</p>}
      </div>
      <p className="line-total">{formatMoney(sum, currency)}</p>
    </li>
  );
}
