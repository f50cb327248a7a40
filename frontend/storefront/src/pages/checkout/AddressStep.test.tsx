import { screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MockStore } from "../../../test/mockStore";
import { expectAccessible, fillAddress, mugLine, openShop } from "../../../test/shop";

let store: MockStore;

beforeEach(() => {
  store = new MockStore();
  store.server.listen({ onUnhandledRequest: "error" });
});
afterEach(() => store.server.close());

/** Opens the step with a cart of that region and everything filled in but the state. */
async function openStep(region: string, country: string) {
  const cart = store.createCart(region);
  cart.items = [mugLine()];
  localStorage.setItem("storeplane.cart", cart.id);
  localStorage.setItem("storeplane.region", region);
  const { user } = openShop("/checkout/address");
  await fillAddress(user, country);
  return { user, cart };
}

describe("the state of an address", () => {
  it("is asked for in the United States, sent, and shown where it goes to", async () => {
    const { user, cart } = await openStep("reg_us", "United States");
    await user.type(screen.getByLabelText("State (optional)"), "CA");
    expect(document.querySelector("#field-province")).toHaveAttribute("autocomplete", "address-level1");
    await expectAccessible();
    await user.click(screen.getByTestId("continue"));
    await screen.findAllByTestId("shipping-option");
    expect(cart.shipping_address).toMatchObject({ province: "CA", country_code: "us" });
    await user.click(screen.getByTestId("continue"));
    expect(await screen.findByText(/10115 Berlin, CA, US/)).toBeVisible();
    await user.click(screen.getByTestId("place-order"));
    await screen.findByTestId("order-number");
    expect(screen.getByText(/10115 Berlin, CA, US/)).toBeVisible();
  });

  it("may be left out", async () => {
    const { user, cart } = await openStep("reg_us", "United States");
    await user.click(screen.getByTestId("continue"));
    await screen.findAllByTestId("shipping-option");
    expect(cart.shipping_address).toMatchObject({ province: "", country_code: "us" });
  });

  it("is not asked for elsewhere", async () => {
    await openStep("reg_eu", "Germany");
    expect(screen.queryByLabelText(/State/)).toBeNull();
  });
});
