import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { MemoryRouter, useNavigate } from "react-router";
import { expect } from "vitest";
import { App } from "../src/App";
import { parseConfig } from "../src/config";
import type { MockCart, MockStore } from "./mockStore";

let goTo: (target: string | number) => void;

/** Lets a test follow a link that no page has, or go back by a negative number of pages. */
function Navigator() {
  const navigate = useNavigate();
  goTo = (target) => act(() => void (typeof target === "number" ? navigate(target) : navigate(target)));
  return null;
}

/** Opens the shop at an address, as a browser would after a full page load. */
export function openShop(address = "/") {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const config = parseConfig({ storeName: "Fjord & Fern", publishableKey: "pk_test" });
  const view = render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[address]}>
        <App config={config} />
        <Navigator />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return { ...view, user: userEvent.setup(), goTo };
}

type User = ReturnType<typeof userEvent.setup>;

/** From the list of products to a cart with one mug. */
export async function putMugIntoCart(user: User): Promise<void> {
  await user.click(await screen.findByRole("link", { name: /Morning Mug/ }));
  await user.click(await screen.findByRole("button", { name: "Add to cart" }));
  await screen.findByTestId("added");
}

export function mugLine() {
  const names = { title: "Morning Mug", product_title: "Morning Mug", product_handle: "morning-mug" };
  const variant = { id: "line_variant_moss", variant_id: "variant_moss", variant_title: "Moss" };
  return { ...names, ...variant, unit_price: 24, total: 24, quantity: 1 };
}

/** A cart with one mug that lacks only the order, remembered by the browser. */
export function readyCart(store: MockStore): MockCart {
  const cart = store.createCart("reg_eu");
  cart.items = [mugLine()];
  cart.email = "ada@example.com";
  cart.shipping_address = { address_1: "Hauptstr. 1", country_code: "de" };
  cart.shipping_methods = [{ id: "sm", shipping_option_id: "so_standard", name: "Standard", amount: 4.9 }];
  localStorage.setItem("storeplane.cart", cart.id);
  return cart;
}

export async function fillAddress(user: User, country = "Germany"): Promise<void> {
  const entries = {
    "E-mail": "ada@example.com",
    "First name": "Ada",
    "Last name": "Lovelace",
    "Street and number": "Hauptstr. 1",
    "Postal code": "10115",
    City: "Berlin",
  };
  for (const [label, text] of Object.entries(entries)) await user.type(await screen.findByLabelText(label), text);
  await user.selectOptions(screen.getByLabelText("Country"), country);
}

/** No rule of axe that can be judged without a layout is broken. Contrast is looked at in a real browser. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
