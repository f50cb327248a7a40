import { defaultScheduler, notifyManager } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MockStore, type MockCart } from "../../test/mockStore";
import { mugLine, openShop, readyCart } from "../../test/shop";
import { pause } from "../shop/pause";

vi.mock("../shop/pause", () => ({ pause: vi.fn(() => Promise.resolve()) }));

let store: MockStore;

beforeEach(() => {
  vi.mocked(pause).mockClear();
  store = new MockStore();
  store.server.listen({ onUnhandledRequest: "error" });
});
afterEach(() => store.server.close());

/** What a lost answer, a reload or another tab leaves: the order is there, and this browser doesn't know. */
async function placeUnseen(): Promise<void> {
  const cart = readyCart(store);
  cart.payment_collection = { id: "paycol_1", payment_sessions: [{ provider_id: "pp_test", status: "authorized" }] };
  await fetch(`${location.origin}/store/carts/${cart.id}/complete`, { method: "POST" });
  expect(store.orders).toHaveLength(1);
}

function completeAddress(cart: MockCart): void {
  const name = { first_name: "Ada", last_name: "Lovelace" };
  cart.shipping_address = { ...cart.shipping_address, ...name, postal_code: "10115", city: "Berlin" };
}

const begun = () => store.requests.filter((each) => each.includes("payment-sessions"));

describe("an order whose answer did not arrive", () => {
  it.each(["/checkout/payment", "/cart"])("is confirmed after a reload of %s", async (address) => {
    await placeUnseen();
    openShop(address);
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
    expect(screen.getByTestId("cart-count")).toHaveTextContent("0");
    expect(localStorage.getItem("storeplane.cart")).toBeNull();
  });

  it("is told once: afterwards the cart is just empty", async () => {
    await placeUnseen();
    const { user } = openShop("/cart");
    await screen.findByTestId("order-number");
    await user.click(screen.getByTestId("cart-link"));
    expect(await screen.findByTestId("empty-cart")).toBeVisible();
  });

  it("is not forgotten while it can't be asked for", async () => {
    await placeUnseen();
    store.failNext(/complete/, 500, "broken on purpose", 2);
    const { user } = openShop("/checkout");
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
  });

  it("is asked for again after a pause, and found with the cart when that answer is lost, too", async () => {
    readyCart(store);
    store.loseAnswers(/complete/, 2);
    const { user } = openShop("/checkout/payment");
    await user.click(await screen.findByTestId("place-order"));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
    expect(store.orders).toHaveLength(1);
    expect(pause).toHaveBeenCalledExactlyOnceWith(1500);
  });

  it("is waited for while the backend is still at it", async () => {
    readyCart(store);
    store.failNext(/complete/, 409, "The request conflicted with another request.");
    const { user } = openShop("/checkout/payment");
    await user.click(await screen.findByTestId("place-order"));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
  });

  it("keeps its payment when a second tab places it again", async () => {
    const cart = readyCart(store);
    const { user } = openShop("/checkout/payment");
    const button = await screen.findByTestId("place-order");
    cart.payment_collection = { id: "paycol_1", payment_sessions: [{ provider_id: "pp_test", status: "authorized" }] };
    await fetch(`${location.origin}/store/carts/${cart.id}/complete`, { method: "POST" });
    await user.click(button);
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
    expect(store.orders).toHaveLength(1);
    expect(begun()).toEqual([]);
  });
});

describe("a shopper who leaves while the order is placed", () => {
  it("sees the cart emptied, and finds the order where the cart was", async () => {
    readyCart(store);
    const answer = store.holdNext(/complete/);
    const { user } = openShop("/checkout/payment");
    await user.click(await screen.findByTestId("place-order"));
    await waitFor(() => expect(store.requests.at(-1)).toMatch(/complete/));
    await user.click(screen.getByTestId("store-name"));
    await screen.findByTestId("product-card");
    expect(screen.getByTestId("cart-count")).toHaveTextContent("1");
    answer();
    await waitFor(() => expect(screen.getByTestId("cart-count")).toHaveTextContent("0"));
    await user.click(screen.getByTestId("cart-link"));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
  });
});

describe("a cart that another tab changed", () => {
  it.each([
    ["the pieces", { items: [{ ...mugLine(), quantity: 2 }] }, "€52.90"],
    ["the currency", { currency_code: "usd" }, "$28.90"],
  ])("is not ordered but shown when %s differ from what the button says", async (_, change, sum) => {
    const cart = readyCart(store);
    const { user } = openShop("/checkout/payment");
    const button = await screen.findByRole("button", { name: "Place order for €28.90" });
    Object.assign(cart, change);
    await user.click(button);
    expect(await screen.findByText(/The cart has changed/, { selector: ".problem" })).toBeVisible();
    expect(store.orders).toEqual([]);
    expect(begun()).toEqual([]);
    await user.click(screen.getByRole("button", { name: `Place order for ${sum}` }));
    expect(await screen.findByTestId("order-number")).toHaveTextContent("1");
  });
});

describe("an answer that comes late", () => {
  it.each([
    ["address", /POST .carts.cart_1$/],
    ["shipping", /shipping-methods/],
  ])("doesn't lead on from the step %s that was left", async (step, request) => {
    completeAddress(readyCart(store));
    const answer = store.holdNext(request);
    const { user, goTo } = openShop(`/checkout/${step}`);
    await user.click(await screen.findByTestId("continue"));
    await waitFor(() => expect(store.requests.at(-1)).toMatch(request));
    await user.click(screen.getByTestId("cart-link"));
    await user.click(await screen.findByTestId("remove-line"));
    answer();
    expect(await screen.findByTestId("empty-cart")).toBeVisible();
    // The router may take its time; the way back tells where the shopper was led.
    await user.click(screen.getByTestId("store-name"));
    await screen.findByTestId("product-card");
    goTo(-1);
    expect(await screen.findByRole("heading", { name: "Your cart" })).toBeVisible();
  });
});

describe("a step that was saved", () => {
  afterEach(() => notifyManager.setScheduler(defaultScheduler));

  it("leads on for good, however late the page hears of the new cart", async () => {
    notifyManager.setScheduler((told) => setTimeout(told, 50));
    const cart = readyCart(store);
    completeAddress(cart);
    cart.shipping_methods = [];
    const { user, goTo } = openShop("/checkout/shipping");
    await user.click(await screen.findByTestId("continue"));
    await screen.findByTestId("place-order");
    await user.click(screen.getByTestId("store-name"));
    await screen.findByTestId("product-card");
    goTo(-1);
    expect(await screen.findByTestId("place-order")).toBeVisible();
  });
});
