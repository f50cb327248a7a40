import { Link } from "react-router";
import { formatMoney } from "../domain/money";
import { isInStock, priceRange, type Product } from "../domain/variants";
import { Picture } from "./Picture";

/** A product in a list: one link, so one stop for the keyboard. */
export function ProductCard({ product, eager }: { product: Product; eager: boolean }) {
  const price = priceRange(product);
  const soldOut = !(product.variants ?? []).some(isInStock);
  return (
    <li className="card" data-testid="product-card">
      <Link to={`/products/${product.handle}`}>
        <Picture url={product.thumbnail ?? product.images?.[0]?.url} alt="" eager={eager} />
        <h2 className="card-title">{product.title}</h2>
        {product.subtitle && <p className="card-subtitle">{product.subtitle}</p>}
        <p className="price" data-testid="product-price">
          {price ? `${price.varies ? "from " : ""}${formatMoney(price.from, price.currency)}` : "Not sold here"}
          {soldOut && <span className="tag">Sold out</span>}
        </p>
      </Link>
    </li>
  );
}
