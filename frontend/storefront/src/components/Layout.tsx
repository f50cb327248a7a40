import { Link, Outlet } from "react-router";
import { countPieces } from "../domain/checkout";
import { useCart } from "../shop/CartContext";
import { explain } from "../shop/medusa";
import { useShop } from "../shop/ShopContext";
import { Notice } from "./Notice";

/** What is around every page: the store's name, the region, the cart. */
export function Layout() {
  const { config, problem } = useShop();
  const { announcement } = useCart();
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="site-header">
        <div className="wide row">
          <Link to="/" className="brand" data-testid="store-name">
            {config.storeName}
          </Link>
          <nav className="row" aria-label="Shop">
            <RegionChoice />
            <CartLink />
          </nav>
        </div>
      </header>
      <main id="content" className="wide" tabIndex={-1}>
        <LeftBehind />
        {problem ? (
          <Notice title="The shop can't be shown" retry={problem.retry}>
            {explain(problem.error)}
          </Notice>
        ) : (
          <Outlet />
        )}
      </main>
      <footer className="site-footer">
        <div className="wide">
          <span>{config.storeName}</span>
        </div>
      </footer>
      <p className="visually-hidden" aria-live="polite" data-testid="announcement">
        {announcement}
      </p>
    </>
  );
}

/** The region is chosen on any page, so that a cart which could not follow is told of on all of them. */
function LeftBehind() {
  const { leftBehind } = useCart();
  return (
    leftBehind && (
      <Notice title="Your cart still has its old prices" retry={leftBehind.retry}>
        {explain(leftBehind.error)}
      </Notice>
    )
  );
}

function RegionChoice() {
  const { regions, region, chooseRegion } = useShop();
  if (regions.length < 2 || !region) return null;
  return (
    <label className="region">
      {/* On a telephone only this is seen, with the select lying over it unseen (layout.css). */}
      <span className="region-code" aria-hidden="true">
        {region.currency_code.toUpperCase()} ▾
      </span>
      <span className="visually-hidden">Region and currency</span>
      <select value={region.id} onChange={(event) => chooseRegion(event.target.value)} data-testid="region-select">
        {regions.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name} ({each.currency_code.toUpperCase()})
          </option>
        ))}
      </select>
    </label>
  );
}

function CartLink() {
  const { cart } = useCart();
  const count = countPieces(cart?.items);
  return (
    <Link to="/cart" className="cart-link" data-testid="cart-link">
      Cart
      <span className={count ? "count" : "count none"} data-testid="cart-count">
        {count}
      </span>
      <span className="visually-hidden">{count === 1 ? "piece" : "pieces"}</span>
    </Link>
  );
}
