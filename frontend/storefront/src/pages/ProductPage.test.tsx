import { screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MockStore } from "../../test/mockStore";
import { openShop, putMugIntoCart } from "../../test/shop";

let store: MockStore;

beforeEach(() => {
  store = new MockStore();
  store.server.listen({ onUnhandledRequest: "error" });
  store.products.push({ handle: "teapot", title: "Teapot" });
});
afterEach(() => store.server.close());

type User = ReturnType<typeof openShop>["user"];

async function openTeapot(user: User): Promise<void> {
  await user.click(screen.getByRole("link", { name: "All products" }));
  await user.click(await screen.findByRole("link", { name: /Teapot/ }));
  await screen.findByRole("heading", { name: "Teapot" });
}

describe("what became of one product", () => {
  it("is not said of another", async () => {
    const { user } = openShop();
    await putMugIntoCart(user);
    await openTeapot(user);
    expect(screen.queryByTestId("added")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Add to cart" }));
    expect(await screen.findByTestId("added")).toBeVisible();
  });

  it("goes away with its page when it went wrong", async () => {
    const { user } = openShop("/products/morning-mug");
    store.failNext(/line-items/, 500);
    await user.click(await screen.findByRole("button", { name: "Add to cart" }));
    expect(await screen.findByText(/could not answer/, { selector: ".problem" })).toBeVisible();
    await openTeapot(user);
    expect(screen.queryByText(/could not answer/, { selector: ".problem" })).toBeNull();
  });

  it("still fills the cart and is announced when its page was left before", async () => {
    const { user } = openShop("/products/morning-mug");
    const answer = store.holdNext(/line-items/);
    await user.click(await screen.findByRole("button", { name: "Add to cart" }));
    await openTeapot(user);
    expect(screen.getByRole("button", { name: "Add to cart" })).toBeEnabled();
    answer();
    await waitFor(() => expect(screen.getByTestId("cart-count")).toHaveTextContent("1"));
    expect(screen.getByTestId("announcement")).toHaveTextContent("1 × Morning Mug added to the cart.");
    expect(screen.queryByTestId("added")).toBeNull();
  });

  it("is reset when the page turns to another product, which is not shown under the address of the first", async () => {
    const { user, goTo } = openShop("/products/morning-mug");
    await user.click(await screen.findByRole("button", { name: "Add to cart" }));
    await screen.findByTestId("added");
    const answer = store.holdNext(/GET .products/);
    goTo("/products/teapot");
    expect(await screen.findByText("Loading the product…")).toBeInTheDocument();
    expect(screen.queryByRole("heading", { name: "Morning Mug" })).toBeNull();
    answer();
    await screen.findByRole("heading", { name: "Teapot" });
    expect(screen.queryByTestId("added")).toBeNull();
  });
});
