import { useSearchParams } from "react-router";
import { Heading } from "../components/Heading";
import { Loading, Notice } from "../components/Notice";
import { ProductCard } from "../components/ProductCard";
import { explain } from "../shop/medusa";
import { useCategories, useProducts } from "../shop/products";
import { useShop } from "../shop/ShopContext";

/** Every product, or those of one category. */
export function HomePage() {
  const { config } = useShop();
  const [params] = useSearchParams();
  const categories = useCategories().data ?? [];
  const category = categories.find((each) => each.handle === params.get("category")) ?? null;
  return (
    <>
      <div className="hero">
        <Heading title={category?.name ?? ""}>{category?.name ?? config.storeName}</Heading>
        <p>{category ? `From ${config.storeName}.` : "Welcome. Have a look around."}</p>
      </div>
      <Categories current={category?.id ?? null} />
      <ProductGrid categoryId={category?.id ?? null} />
    </>
  );
}

function Categories({ current }: { current: string | null }) {
  const [, setParams] = useSearchParams();
  const categories = useCategories().data ?? [];
  if (categories.length === 0) return null;
  const choices = [{ id: null, name: "Everything", handle: null }, ...categories];
  return (
    <div className="chips" role="group" aria-label="Categories">
      {choices.map(({ id, name, handle }) => (
        <button
          key={id}
          type="button"
          className="chip"
          aria-pressed={id === current}
          onClick={() => setParams(handle ? { category: handle } : {}, { preventScrollReset: true })}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function ProductGrid({ categoryId }: { categoryId: string | null }) {
  const { data, error, isPending, refetch, fetchNextPage, hasNextPage, isFetchingNextPage, isPlaceholderData } =
    useProducts(categoryId);
  if (isPending) return <GridPlaceholder />;
  if (error && !data) {
    return (
      <Notice title="The products can't be shown" retry={() => void refetch()}>
        {explain(error)}
      </Notice>
    );
  }
  const products = data.pages.flatMap((page) => page.products);
  if (products.length === 0) {
    return (
      <Notice title="Nothing here yet" tone="quiet">
        This shop has no products {categoryId ? "of this kind " : ""}so far. Please come back soon.
      </Notice>
    );
  }
  return (
    <>
      <ul className={isPlaceholderData ? "grid faded" : "grid"} data-testid="product-list">
        {products.map((product, index) => (
          <ProductCard key={product.id} product={product} eager={index < 4} />
        ))}
      </ul>
      {hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button secondary"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? "Loading…" : "Show more"}
          </button>
        </p>
      )}
    </>
  );
}

function GridPlaceholder() {
  return (
    <>
      <Loading what="the products" />
      <ul className="grid" aria-hidden="true">
        {Array.from({ length: 8 }, (_, index) => (
          <li key={index} className="card placeholder">
            <span className="picture" />
            <span className="bar" />
            <span className="bar short" />
          </li>
        ))}
      </ul>
    </>
  );
}
