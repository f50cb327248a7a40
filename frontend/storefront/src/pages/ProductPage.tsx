import { useState } from "react";
import { Link, useParams } from "react-router";
import { Heading } from "../components/Heading";
import { Loading, Notice, Problem } from "../components/Notice";
import { OptionChoice } from "../components/OptionChoice";
import { Picture } from "../components/Picture";
import { QuantityInput } from "../components/QuantityInput";
import { formatMoney } from "../domain/money";
import { findVariant, firstSelection, priceRange, stockOf, type Product, type Variant } from "../domain/variants";
import { useAddToCart } from "../shop/changes";
import { explain } from "../shop/medusa";
import { useProduct } from "../shop/products";
import { NotFoundPage } from "./NotFoundPage";

/** One product: pictures, what it is, and the way into the cart. */
export function ProductPage() {
  const { handle = "" } = useParams();
  const { data: product, error, isPending, refetch } = useProduct(handle);
  if (isPending) return <Loading what="the product" />;
  if (error && !product) {
    return (
      <Notice title="The product can't be shown" retry={() => void refetch()}>
        {explain(error)}
      </Notice>
    );
  }
  if (!product) return <NotFoundPage what="product" />;
  return <ProductDetails key={product.id} product={product} />;
}

function ProductDetails({ product }: { product: Product }) {
  const [selection, setSelection] = useState(() => firstSelection(product));
  const variant = findVariant(product, selection);
  return (
    <article className="product">
      <Gallery product={product} />
      <div className="product-text">
        <p className="crumb">
          <Link to="/">All products</Link>
        </p>
        <Heading>{product.title}</Heading>
        {product.subtitle && <p className="lead">{product.subtitle}</p>}
        <PriceLine product={product} variant={variant} />
        {(product.options ?? []).map((option) => (
          <OptionChoice
            key={option.id}
            option={option}
            chosen={selection[option.id]}
            onChoose={(value) => setSelection({ ...selection, [option.id]: value })}
          />
        ))}
        <BuyBox product={product} variant={variant} />
        {product.description && <div className="description">{product.description}</div>}
        {product.material && (
          <p className="fact">
            <span>Material</span> {product.material}
          </p>
        )}
      </div>
    </article>
  );
}

function PriceLine({ product, variant }: { product: Product; variant: Variant | undefined }) {
  const price = variant?.calculated_price;
  const range = priceRange(product);
  if (!range) return <p className="product-price">This product is not sold in your region.</p>;
  const shown =
    price?.calculated_amount != null
      ? formatMoney(price.calculated_amount, price.currency_code ?? range.currency)
      : `from ${formatMoney(range.from, range.currency)}`;
  return (
    <p className="product-price" data-testid="product-price">
      {shown}
      {price?.is_calculated_price_tax_inclusive && <span className="price-note">tax included</span>}
    </p>
  );
}

function BuyBox({ product, variant }: { product: Product; variant: Variant | undefined }) {
  const add = useAddToCart();
  const [quantity, setQuantity] = useState(1);
  const stock = variant ? stockOf(variant) : 0;
  const buyable = variant?.calculated_price?.calculated_amount != null && stock > 0;
  const wanted = Math.min(quantity, Math.max(stock, 1));
  return (
    <div className="buy">
      <div className="row">
        <QuantityInput
          label="Quantity"
          value={wanted}
          max={Math.max(stock, 1)}
          disabled={!buyable}
          onChange={setQuantity}
        />
        <button
          type="button"
          className="button grow"
          data-testid="add-to-cart"
          disabled={!buyable || add.isPending}
          onClick={() => variant && add.mutate({ variantId: variant.id, quantity: wanted, title: product.title })}
        >
          {buttonText(variant, stock, add.isPending)}
        </button>
      </div>
      <Problem>{add.isError && explain(add.error)}</Problem>
      {add.isSuccess && !add.isPending && (
        <p className="added" data-testid="added">
          In your cart. <Link to="/cart">Go to the cart</Link>
        </p>
      )}
      {stock > 0 && stock <= 5 && <p className="fact">Only {stock} left.</p>}
    </div>
  );
}

function buttonText(variant: Variant | undefined, stock: number, busy: boolean): string {
  if (busy) return "Adding…";
  if (!variant) return "Not made like this";
  return stock > 0 ? "Add to cart" : "Sold out";
}

function Gallery({ product }: { product: Product }) {
  const urls = [...new Set([product.thumbnail, ...(product.images ?? []).map((image) => image.url)])].filter(
    (url): url is string => Boolean(url),
  );
  const [shown, setShown] = useState(0);
  return (
    <div className="gallery">
      <Picture url={urls[shown]} alt={product.title} eager />
      {urls.length > 1 && (
        <div className="thumbs" role="group" aria-label="Pictures">
          {urls.map((url, index) => (
            <button
              key={url}
              type="button"
              aria-label={`Picture ${index + 1}`}
              aria-pressed={index === shown}
              onClick={() => setShown(index)}
            >
              <Picture url={url} alt="" />
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
