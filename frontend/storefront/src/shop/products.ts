import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useShop } from "./ShopContext";

/** Prices for the region, stock, and what the pages show; a `+` or `*` adds to Medusa's default fields. */
const productFields = "*variants.calculated_price,+variants.inventory_quantity,*variants.options,*options,*images";
const pageSize = 24;

/** The products of the shop, page by page, with the prices of the chosen region. */
export function useProducts(categoryId: string | null) {
  const { sdk, region } = useShop();
  return useInfiniteQuery({
    queryKey: ["products", region?.id, categoryId],
    enabled: region !== undefined,
    queryFn: ({ pageParam }) =>
      sdk.store.product.list({
        region_id: region!.id,
        fields: productFields,
        limit: pageSize,
        offset: pageParam,
        ...(categoryId ? { category_id: [categoryId] } : {}),
      }),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.offset + page.limit < page.count ? page.offset + page.limit : undefined),
    placeholderData: keepPreviousData,
  });
}

/** One product by its handle; `null` when the shop has none of that name. */
export function useProduct(handle: string) {
  const { sdk, region } = useShop();
  return useQuery({
    queryKey: ["product", handle, region?.id],
    enabled: region !== undefined,
    queryFn: async () => {
      const { products } = await sdk.store.product.list({
        handle,
        region_id: region!.id,
        fields: `${productFields},+material,+weight`,
        limit: 1,
      });
      return products[0] ?? null;
    },
    // Its prices in the region before, while those of the new one are asked for; never another product.
    placeholderData: (previous) => (previous?.handle === handle ? previous : undefined),
  });
}

/** Categories to browse by. A shop without any, or a backend that refuses, simply shows none. */
export function useCategories() {
  const { sdk } = useShop();
  return useQuery({
    queryKey: ["categories"],
    queryFn: async () =>
      (await sdk.store.category.list({ limit: 50, fields: "id,name,handle", parent_category_id: "null" }))
        .product_categories,
    staleTime: Infinity,
  });
}
