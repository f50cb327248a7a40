import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MockStore } from "../test/mockStore";
import { expectAccessible, fillAddress, mugLine, openShop, putMugIntoCart, readyCart } from "../test/shop";

vi.mock("./shop/pause", () => ({ pause: () => Promise.resolve() }));

let store: MockStore;

beforeEach(() => {
  store = new MockStore();
  store.server.listen({ onUnhandledRequest: "error" });
});
afterEach(() => store.server.close());

describe("a shopper", () => {
  it("buys a mug: product, cart, address, shipping, payment, order", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    expect(screen.getByTestId("cart-count")).toHaveTextContent("1");
    await expectAccessible();

    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await user.click(await screen.findByRole("button", { name: "One more" }));
    await waitFor(() => expect(screen.getByTestId("total")).toHaveTextContent("€48.00"));
    await expectAccessible();

    await user.click(screen.getByRole("link", { name: "Go to checkout" }));
    await fillAddress(user);
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Continue to shipping" }));

    await user.click(await screen.findByRole("radio", { name: /Express/ }));
    await user.click(screen.getByRole("button", { name: "Continue to payment" }));

    expect(await screen.findByRole("radio", { name: /Pay on invoice \(test provider\)/ })).toBeChecked();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Place order for €60.90" }));

    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
    expect(screen.getAllByTestId("order-line")).toHaveLength(1);
    await waitFor(() => expect(document.title).toBe("Order 1 – Fjord & Fern"));
    await waitFor(() => expect(screen.getByTestId("cart-count")).toHaveTextContent("0"));
    expect(store.orders).toHaveLength(1);
    await expectAccessible();
  });

  it("finds the cart again after a reload", async () => {
    const { user, unmount } = openShop();
    await putMugIntoCart(user);
    unmount();
    openShop("/cart");
    expect(await screen.findByTestId("cart-line")).toHaveTextContent("Morning Mug");
  });

  it.each([
    ["completed", () => (store.carts.get("cart_1")!.completed_at = "2026-01-01T00:00:00Z")],
    ["gone", () => store.carts.delete("cart_1")],
  ])("gets a new cart when the old one is %s", async (_, spoil) => {
    const { user } = openShop();
    await putMugIntoCart(user);
    spoil();
    await user.click(screen.getByRole("button", { name: "Add to cart" }));
    await waitFor(() => expect(store.carts.get("cart_2")?.items).toHaveLength(1));
    expect(localStorage.getItem("storeplane.cart")).toBe("cart_2");
  });

  it("changes and removes a line, and is told so", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    const quantity = await screen.findByRole("spinbutton", { name: "Quantity of Morning Mug" });
    await user.clear(quantity);
    await user.type(quantity, "7{Enter}");
    await waitFor(() => expect(screen.getByTestId("total")).toHaveTextContent("€168.00"));
    await user.click(screen.getByRole("button", { name: "Remove Morning Mug" }));
    expect(await screen.findByTestId("empty-cart")).toBeVisible();
    expect(screen.getByTestId("announcement")).toHaveTextContent("Morning Mug removed from the cart.");
  });

  it("sees the prices of the region that is chosen, also in the cart", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    await user.selectOptions(screen.getByRole("combobox", { name: "Region and currency" }), "United States (USD)");
    await waitFor(() => expect(screen.getByTestId("product-price")).toHaveTextContent("$26.50"));
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await waitFor(() => expect(screen.getByTestId("total")).toHaveTextContent("$26.50"));
    expect(store.carts.size).toBe(1);
  });

  it("is told on every page that the cart could not follow into another region, and can try again", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    store.failNext(/POST \/carts\/[^/]+$/, 500);
    await user.selectOptions(screen.getByRole("combobox", { name: "Region and currency" }), "United States (USD)");
    expect(await screen.findByText(/old prices/)).toBeVisible();
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await waitFor(() => expect(screen.getByTestId("total")).toHaveTextContent("€24.00"));
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.getByTestId("total")).toHaveTextContent("$26.50"));
    expect(screen.queryByText(/old prices/)).not.toBeInTheDocument();
  });

  it("has nothing to be told once the region of the cart is chosen again", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    store.failNext(/POST \/carts\/[^/]+$/, 500);
    const choice = screen.getByRole("combobox", { name: "Region and currency" });
    await user.selectOptions(choice, "United States (USD)");
    expect(await screen.findByText(/old prices/)).toBeVisible();
    await user.selectOptions(choice, "Europe (EUR)");
    await waitFor(() => expect(screen.queryByText(/old prices/)).not.toBeInTheDocument());
  });

  it("can't buy a variant that is sold out, and starts with one that is not", async () => {
    const { user } = openShop("/products/morning-mug");
    const glaze = await screen.findByRole("group", { name: "Glaze" });
    expect(within(glaze).getByRole("radio", { name: "Moss" })).toBeChecked();
    await user.click(within(glaze).getByRole("radio", { name: "Ink" }));
    expect(screen.getByRole("button", { name: "Sold out" })).toBeDisabled();
    expect(screen.getByTestId("product-price")).toHaveTextContent("€26.00");
  });
});

describe("the checkout", () => {
  it("ties each message to its field and moves to the first one", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await user.click(await screen.findByRole("link", { name: "Go to checkout" }));
    await user.click(await screen.findByRole("button", { name: "Continue to shipping" }));
    const email = screen.getByLabelText("E-mail");
    expect(email).toHaveFocus();
    expect(email).toBeInvalid();
    expect(email).toHaveAccessibleDescription("Enter your e-mail address.");
    await user.type(email, "ada@");
    expect(email).not.toHaveAttribute("aria-invalid");
    await user.click(screen.getByRole("button", { name: "Continue to shipping" }));
    expect(email).toHaveAccessibleDescription(/does not look like an e-mail address/);
    await expectAccessible();
  });

  it("asks for the country again when the region is changed while the form is open", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await user.click(await screen.findByRole("link", { name: "Go to checkout" }));
    await fillAddress(user);
    await user.selectOptions(screen.getByRole("combobox", { name: "Region and currency" }), "United States (USD)");
    await waitFor(() => expect(screen.getByLabelText("Country")).toHaveValue("us"));
    expect(screen.getByLabelText("City")).toHaveValue("Berlin");
    await user.selectOptions(screen.getByRole("combobox", { name: "Region and currency" }), "Europe (EUR)");
    await waitFor(() => expect(screen.getByLabelText("Country")).toHaveValue("de"));
  });

  it("doesn't open a step before the ones ahead of it are done", async () => {
    const cart = store.createCart("reg_eu");
    cart.items = [mugLine()];
    localStorage.setItem("storeplane.cart", cart.id);
    openShop("/checkout/payment");
    expect(await screen.findByRole("heading", { name: "Address" })).toBeVisible();
  });

  it("says why when the shop refuses, and keeps the cart", async () => {
    const cart = readyCart(store);
    store.failNext(/complete/, 400, "The discount has ended.");
    const { user } = openShop("/checkout/payment");
    await user.click(await screen.findByTestId("place-order"));
    expect(await screen.findByRole("alert")).toHaveTextContent("The discount has ended.");
    expect(localStorage.getItem("storeplane.cart")).toBe(cart.id);
  });

  it("places one order when the first answer is lost", async () => {
    readyCart(store);
    store.failNext(/complete/, 0);
    const { user } = openShop("/checkout/payment");
    await user.click(await screen.findByTestId("place-order"));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
    expect(store.orders).toHaveLength(1);
  });
});

describe("when something is wrong", () => {
  it("offers to try again when the products can't be had", async () => {
    store.failNext(/GET \/products/, 500);
    const { user } = openShop();
    expect(await screen.findByRole("alert")).toHaveTextContent("The shop could not answer.");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByTestId("product-card")).toBeVisible();
  });

  it("says that the shop can't be reached", async () => {
    store.failNext(/GET \/regions/, 0);
    openShop();
    expect(await screen.findByRole("alert")).toHaveTextContent("The shop can't be reached.");
  });

  it("says that there is nothing to sell yet", async () => {
    store.products = [];
    openShop();
    expect(await screen.findByText(/no products so far/)).toBeVisible();
  });

  it.each(["/products/no-such", "/order/no-such", "/no/such/page"])("%s is not found", async (address) => {
    openShop(address);
    expect(await screen.findByTestId("not-found")).toBeVisible();
    await expectAccessible();
  });

  it("tells when more is wanted than there is", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    store.stock["variant_moss"] = 1;
    await user.click(screen.getByRole("link", { name: "Go to the cart" }));
    await user.click(await screen.findByRole("button", { name: "One more" }));
    expect(
      await screen.findByText("There are not enough pieces of this in stock.", { selector: ".problem" }),
    ).toBeVisible();
    expect(screen.getByTestId("total")).toHaveTextContent("€24.00");
  });
});
