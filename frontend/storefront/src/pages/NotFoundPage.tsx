import { Link } from "react-router";
import { Heading } from "../components/Heading";

/** An address that leads nowhere. */
export function NotFoundPage({ what = "page" }: { what?: string }) {
  return (
    <section className="notice quiet" data-testid="not-found">
      <Heading title="Not found">{`This ${what} does not exist`}</Heading>
      <p>It may have moved, or the address has a typing error.</p>
      <Link to="/" className="button">
        See all products
      </Link>
    </section>
  );
}
