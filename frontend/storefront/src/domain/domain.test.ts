import type { HttpTypes } from "@medusajs/types";
import { describe, expect, it } from "vitest";
import { checkAddress, placeLine, trimAddress, type AddressForm } from "./address";
import { mayOpen, nextStep, paymentLabel } from "./checkout";
import { formatMoney } from "./money";
import { pickRegion } from "./regions";
import { findVariant, firstSelection, priceRange, stockOf, type Product, type Variant } from "./variants";

const mug = {
  options: [{ id: "glaze" }, { id: "size" }],
  variants: [
    variant("a", { glaze: "Moss", size: "S" }, 24, 0),
    variant("b", { glaze: "Moss", size: "L" }, 30, 3),
    variant("c", { glaze: "Ink", size: "L" }, 30, 3),
  ],
} as unknown as Product;

function variant(id: string, options: Record<string, string>, amount: number, stock: number): Variant {
  return {
    id,
    manage_inventory: true,
    inventory_quantity: stock,
    options: Object.entries(options).map(([option_id, value]) => ({ id: value, option_id, value })),
    calculated_price: { calculated_amount: amount, currency_code: "eur" },
  } as unknown as Variant;
}

describe("variants", () => {
  it("are found by all of their options", () => {
    expect(findVariant(mug, { glaze: "Moss", size: "L" })?.id).toBe("b");
    expect(findVariant(mug, { glaze: "Ink", size: "S" })).toBeUndefined();
    expect(findVariant(mug, { glaze: "Moss" })).toBeUndefined();
  });

  it("start with the first that can be bought", () => {
    expect(firstSelection(mug)).toEqual({ glaze: "Moss", size: "L" });
    expect(firstSelection({ variants: [] } as unknown as Product)).toEqual({});
  });

  it("that nobody counts, or that may be ordered ahead, never run out", () => {
    expect(stockOf({ manage_inventory: false } as Variant)).toBe(Infinity);
    expect(stockOf({ manage_inventory: true, allow_backorder: true, inventory_quantity: 0 } as Variant)).toBe(Infinity);
    expect(stockOf({ manage_inventory: true } as Variant)).toBe(0);
  });

  it("give the range of prices", () => {
    expect(priceRange(mug)).toEqual({ from: 24, currency: "eur", varies: true });
    expect(priceRange({ variants: [{ id: "a" }] } as unknown as Product)).toBeNull();
  });
});

describe("money", () => {
  it.each([
    [24.5, "eur", "€24.50"],
    [1200, "jpy", "¥1,200"],
    [0, "usd", "$0.00"],
    [null, "eur", "–"],
    [5, "not a currency", "5.00 NOT A CURRENCY"],
  ])("%s %s is shown as %s", (amount, currency, shown) => {
    expect(formatMoney(amount, currency, "en")).toBe(shown);
  });
});

describe("an address", () => {
  const good: AddressForm = {
    email: " ada@example.com ",
    first_name: "Ada",
    last_name: "Lovelace",
    address_1: "Hauptstr. 1",
    address_2: "",
    postal_code: "10115",
    city: "Berlin",
    country_code: "DE",
    province: "",
    phone: "",
  };

  it("is accepted without what is optional", () => expect(checkAddress(good)).toEqual({}));

  it.each([
    ["email", "ada"],
    ["email", "ada@host"],
    ["email", "a b@example.com"],
    ["city", "   "],
    ["country_code", ""],
    ["phone", "call me"],
  ] as const)("has a message for %s = '%s'", (field, value) => {
    expect(Object.keys(checkAddress({ ...good, [field]: value }))).toEqual([field]);
  });

  it("is sent without blanks and with a lower-case country", () => {
    expect(trimAddress(good)).toMatchObject({ email: "ada@example.com", country_code: "de" });
  });
});

describe("a state", () => {
  const form = { province: " CA " } as AddressForm;

  it.each([
    ["US", "CA"],
    ["de", ""],
  ])("of an address in %s is sent as '%s'", (country_code, province) => {
    expect(trimAddress({ ...form, country_code }).province).toBe(province);
  });

  it("stands between the city and the country", () => {
    const address = { postal_code: "94103", city: "San Francisco", country_code: "us" };
    expect(placeLine({ ...address, province: "CA" })).toBe("94103 San Francisco, CA, US");
    expect(placeLine({ ...address, province: null })).toBe("94103 San Francisco, US");
    expect(placeLine({})).toBe("");
  });
});

describe("the checkout", () => {
  const cart = (fields: object) => fields as HttpTypes.StoreCart;
  const address = { email: "ada@example.com", shipping_address: { address_1: "Hauptstr. 1" } };

  it.each([
    [{}, "address"],
    [{ email: "ada@example.com" }, "address"],
    [address, "shipping"],
    [{ ...address, shipping_methods: [] }, "shipping"],
    [{ ...address, shipping_methods: [{}] }, "payment"],
  ])("goes on from %j with %s", (fields, step) => expect(nextStep(cart(fields))).toBe(step));

  it("lets a shopper go back but not ahead", () => {
    expect(mayOpen("address", cart(address))).toBe(true);
    expect(mayOpen("payment", cart(address))).toBe(false);
  });

  it("never pretends that the test provider takes money", () => {
    expect(paymentLabel("pp_system_default").title).toBe("Pay on invoice (test provider)");
    expect(paymentLabel("pp_stripe_stripe").title).toBe("stripe stripe");
  });
});

describe("the region", () => {
  const regions = [
    { id: "us", countries: [{ iso_2: "us" }] },
    { id: "eu", countries: [{ iso_2: "de" }, { iso_2: "at" }] },
  ] as HttpTypes.StoreRegion[];

  it.each([
    ["eu", ["en-US"], "eu"],
    ["gone", ["de-AT"], "eu"],
    [null, ["de", "en-US"], "us"],
    [null, ["de"], "us"],
    [null, ["fr-CA", "de-DE"], "eu"],
    [null, [], "us"],
  ])("remembered %s with languages %j is %s", (remembered, languages, id) => {
    expect(pickRegion(regions, remembered, languages)?.id).toBe(id);
  });

  it("is none in a shop without regions", () => expect(pickRegion([], null, ["de-DE"])).toBeUndefined());
});
