import type { HttpTypes } from "@medusajs/types";
import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MockStore } from "../../test/mockStore";
import { openShop, readyCart } from "../../test/shop";
import { Totals } from "./Totals";

const untaxed = { original_item_total: 100, original_shipping_total: 4.9, tax_total: 0 };
// 19 % of tax on a net price of 100 and a net shipping of 10, and what 10 % off the products leave of it.
const taxed = { original_item_total: 119, original_shipping_total: 11.9, tax_total: 19 };

const cases = [
  ["no promotion", { ...untaxed, item_total: 100, shipping_total: 4.9, discount_total: 0, total: 104.9 }],
  ["10 % off", { ...untaxed, item_total: 90, shipping_total: 4.9, discount_total: 10, total: 94.9 }],
  ["free shipping", { ...untaxed, item_total: 100, shipping_total: 0, discount_total: 4.9, total: 100 }],
  ["10 % off, taxed", { ...taxed, item_total: 107.1, shipping_total: 11.9, discount_total: 11.9, total: 119 }],
] as const;

/** The amounts as a shopper reads them, by the name of their row. */
function rows(): Record<string, number> {
  const shown = screen.getAllByRole("term").map((term) => {
    const text = term.nextElementSibling!.textContent.replace("€", "").replace("−", "-");
    return [term.textContent, Number(text)] as const;
  });
  return Object.fromEntries(shown);
}

function cart(sums: (typeof cases)[number][1]): HttpTypes.StoreCart {
  return { currency_code: "eur", shipping_methods: [{}], ...sums } as unknown as HttpTypes.StoreCart;
}

describe("the sums", () => {
  it.each(cases)("add up with %s", (_, sums) => {
    render(<Totals of={cart(sums)} />);
    const { Products, Shipping, Discount = 0, Total } = rows();
    expect(Products! + Shipping! + Discount).toBeCloseTo(Total!, 6);
    expect(Total).toBe(sums.total);
    expect(rows()["Tax in it"] ?? 0).toBe(sums.tax_total);
  });

  it("show what was taken off, from products and from shipping", () => {
    const { rerender } = render(<Totals of={cart(cases[1][1])} />);
    expect(rows()).toEqual({ Products: 100, Discount: -10, Shipping: 4.9, Total: 94.9 });
    rerender(<Totals of={cart(cases[2][1])} />);
    expect(rows()).toEqual({ Products: 100, Discount: -4.9, Shipping: 4.9, Total: 100 });
  });
});

describe("the sums of the shop", () => {
  let store: MockStore;
  beforeEach(() => {
    store = new MockStore();
    store.server.listen({ onUnhandledRequest: "error" });
  });
  afterEach(() => store.server.close());

  it("are the same in the checkout and for the order, and those of the lines", async () => {
    Object.assign(readyCart(store), { percent_off: 10, free_shipping: true });
    const { user } = openShop("/checkout/payment");
    const expected = { Products: 24, Discount: -7.3, Shipping: 4.9, Total: 21.6 };
    await screen.findByTestId("summary-line");
    expect(rows()).toEqual(expected);
    await user.click(await screen.findByRole("button", { name: "Place order for €21.60" }));
    expect(await screen.findByTestId("order-line")).toHaveTextContent("€24.00");
    expect(rows()).toEqual(expected);
  });
});
