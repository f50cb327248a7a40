import type { HttpTypes } from "@medusajs/types";

export type Product = HttpTypes.StoreProduct;
export type Variant = HttpTypes.StoreProductVariant;

/** What the shopper chose so far: option id → value. */
export type Selection = Record<string, string>;

/** The options of one variant as a selection. */
export function selectionOf(variant: Variant): Selection {
  const chosen: Selection = {};
  for (const option of variant.options ?? []) {
    if (option.option_id) chosen[option.option_id] = option.value;
  }
  return chosen;
}

/** The variant that the selection names, or undefined while a choice is missing. */
export function findVariant(product: Product, selection: Selection): Variant | undefined {
  const options = product.options ?? [];
  return product.variants?.find((variant) => {
    const own = selectionOf(variant);
    return options.every((option) => own[option.id] !== undefined && own[option.id] === selection[option.id]);
  });
}

/** What is chosen when the page opens: the first variant that can be bought, else the first. */
export function firstSelection(product: Product): Selection {
  const variants = product.variants ?? [];
  const variant = variants.find(isInStock) ?? variants[0];
  return variant ? selectionOf(variant) : {};
}

/** Whether at least one piece can be bought. Variants that aren't counted are always in stock. */
export function isInStock(variant: Variant): boolean {
  return stockOf(variant) > 0;
}

/** Pieces that can be bought; Infinity when nobody counts them or back-orders are taken. */
export function stockOf(variant: Variant): number {
  if (!variant.manage_inventory || variant.allow_backorder) return Infinity;
  return variant.inventory_quantity ?? 0;
}

/** The lowest price of a product, and whether its variants differ in price; null when none has a price. */
export function priceRange(product: Product): { from: number; currency: string; varies: boolean } | null {
  const prices = (product.variants ?? []).flatMap((variant) => {
    const price = variant.calculated_price;
    return price?.calculated_amount != null && price.currency_code
      ? [{ amount: price.calculated_amount, currency: price.currency_code }]
      : [];
  });
  const first = prices[0];
  if (!first) return null;
  const amounts = prices.map((price) => price.amount);
  return {
    from: Math.min(...amounts),
    currency: first.currency,
    varies: Math.min(...amounts) !== Math.max(...amounts),
  };
}
