import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectAccessible, open } from "../test/page";
import { pipeline, Platform } from "../test/platform";

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
  platform.start();
  document.cookie = "csrftoken=tok123";
});
afterEach(() => platform.stop());

const sent = (what: string) => platform.requests.filter((request) => request.what === what);

describe("the list of stores", () => {
  it("shows each store with its phase and pipeline, and follows live", async () => {
    platform.add("alpha", "Provisioning", { pipeline: pipeline(2) });
    platform.add("beta", "Ready");
    open();
    const row = within(await screen.findByTestId("store-alpha"));
    expect(row.getByRole("img")).toHaveAccessibleName("2 of 5 steps done, Database running");
    expect(screen.getByRole("link", { name: "beta.localhost:8080" })).toHaveAttribute(
      "href",
      "http://beta.localhost:8080",
    );
    await waitFor(() => expect(screen.getByTestId("connection")).toHaveTextContent("live"));
    const before = platform.requests.length;

    act(() => platform.change("alpha", { phase: "Ready", pipeline: pipeline(5) }, "STORE_READY"));
    await waitFor(() => expect(row.getByTestId("phase")).toHaveTextContent("Ready"));
    expect(platform.requests.length).toBe(before);
    await expectAccessible();
  });

  it("teaches when there is none", async () => {
    open();
    expect(await screen.findByTestId("no-stores")).toHaveTextContent("POST /stores");
    await expectAccessible();
  });

  it("is searched, sorted and says so to a screen reader", async () => {
    platform.add("alpha", "Ready", { created_at: "2026-11-20T12:00:00Z" });
    platform.add("beta", "Failed");
    const user = open();
    await screen.findByTestId("store-alpha");
    await user.click(screen.getByRole("button", { name: "Age" }));
    expect(screen.getByRole("columnheader", { name: /Age/ })).toHaveAttribute("aria-sort", "ascending");
    expect(screen.getAllByTestId(/^store-/).map((row) => row.dataset["testid"])).toEqual(["store-beta", "store-alpha"]);
    await user.type(screen.getByRole("searchbox", { name: "Search" }), "alp");
    await waitFor(() => expect(screen.queryByTestId("store-beta")).toBeNull());
    expect(screen.getByText("1 of 2")).toBeVisible();
  });

  it("asks again and again when WebSockets don't get through, and says so", async () => {
    platform.open = false;
    platform.add("alpha", "Ready");
    open();
    expect(await screen.findByText(/no live updates/, undefined, { timeout: 30_000 })).toBeVisible();
    const fetches = sent("GET /stores").length;
    expect(fetches).toBeGreaterThan(0);
    platform.add("gamma", "Pending", { queue_position: 2 });
    expect(await screen.findByText(/number 2 in the queue/, undefined, { timeout: 30_000 })).toBeVisible();
  });

  it("misses nothing over a lost connection", async () => {
    platform.add("alpha", "Provisioning");
    open();
    await waitFor(() => expect(screen.getByTestId("connection")).toHaveTextContent("live"));
    act(() => platform.sockets[0]!.lose());
    expect(screen.getByTestId("connection")).toHaveTextContent("reconnecting…");
    platform.change("alpha", { phase: "Failed" }, "PROVISION_FAILED");
    await waitFor(() => expect(screen.getByTestId("connection")).toHaveTextContent("live"), { timeout: 30_000 });
    const row = within(screen.getByTestId("store-alpha"));
    await waitFor(() => expect(row.getByTestId("phase")).toHaveTextContent("Failed"));
    expect(platform.sockets[1]!.url.search).toBe("?since=0");
  });

  it("tells which part of the platform is down", async () => {
    platform.down = "cluster";
    const user = open();
    await user.click(await screen.findByRole("button", { name: /1 part is down/ }));
    expect(await screen.findByText("cluster does not answer.")).toBeVisible();
  });
});

describe("a new store", () => {
  it("is judged while it is typed, made, and shown", async () => {
    platform.add("demo", "Ready");
    const user = open("/ui/new");
    const name = await screen.findByRole("textbox", { name: /^Name/ });
    await user.type(name, "My");
    expect(name).toHaveAccessibleDescription(/lower-case letters only/);
    await user.clear(name);
    await user.type(name, "demo");
    expect(name).toHaveAccessibleDescription(/You have a store named demo already/);
    await user.clear(name);
    await user.type(name, "my-shop");
    expect(screen.getByText("http://my-shop.localhost:8080")).toBeVisible();
    expect(screen.getByText(/Acme has 1 of 10 stores/)).toBeVisible();
    await expectAccessible();

    await user.click(await screen.findByRole("radio", { name: /Large/ }));
    await user.click(screen.getByRole("button", { name: "Make the store" }));
    expect(await screen.findByRole("heading", { name: "my-shop" })).toBeVisible();
    const [request] = sent("POST /stores");
    expect(request!.body).toEqual({ name: "my-shop", engine: "medusa", plan: "large", tenant: "acme" });
    expect(request!.csrf).toBe("tok123");
  });

  it("shows the platform's refusal at the field", async () => {
    platform.refuseCreate = { status: 409, field: "name", message: "The name 'my-shop' is taken." };
    const user = open("/ui/new");
    const name = await screen.findByRole("textbox", { name: /^Name/ });
    await user.type(name, "my-shop");
    await user.click(screen.getByRole("button", { name: "Make the store" }));
    await waitFor(() => expect(name).toHaveAccessibleDescription(/is taken/));
  });

  it("is told that another's name is taken, after one question for all the letters", async () => {
    platform.taken.add("tea-shop");
    const user = open("/ui/new");
    const name = await screen.findByRole("textbox", { name: /^Name/ });
    await user.type(name, "tea-shop");
    await waitFor(() => expect(name).toHaveAccessibleDescription(/'tea-shop' is taken; choose another/));
    expect(screen.queryByText("http://tea-shop.localhost:8080")).toBeNull();
    expect(sent("GET /names/tea-shop")).toHaveLength(1);
    await user.type(name, "-2");
    expect(await screen.findByText(/The name is free/)).toHaveTextContent("http://tea-shop-2.localhost:8080");
    expect(name).not.toHaveAccessibleDescription(/taken/);
  });

  it("never takes a late answer about an earlier name for one about this", async () => {
    let release = () => {};
    platform.slow.set("tea-shop", new Promise<void>((resolve) => (release = resolve)));
    platform.taken.add("tea-shop");
    const user = open("/ui/new");
    const name = await screen.findByRole("textbox", { name: /^Name/ });
    await user.type(name, "tea-shop");
    await waitFor(() => expect(sent("GET /names/tea-shop")).toHaveLength(1));
    await user.type(name, "s");
    expect(await screen.findByText(/The name is free/)).toBeVisible();
    release();
    await user.type(screen.getByRole("textbox", { name: /Display name/ }), "Tea");
    expect(screen.getByText(/The name is free/)).toBeVisible();
    expect(name).not.toHaveAccessibleDescription(/taken/);
  });

  it("is asked about only when its name could be one", async () => {
    platform.add("demo", "Ready");
    const user = open("/ui/new");
    const name = await screen.findByRole("textbox", { name: /^Name/ });
    await screen.findByRole("radio", { name: /Large/ });
    await user.type(name, "demo");
    await waitFor(() => expect(name).toHaveAccessibleDescription(/You have a store named demo already/));
    await user.type(name, "-");
    await user.clear(name);
    await user.type(name, "coffee");
    expect(await screen.findByText(/The name is free/)).toBeVisible();
    const asked = platform.requests.map((request) => request.what).filter((what) => what.startsWith("GET /names"));
    expect(asked.filter((what) => what === "GET /names/demo" || what === "GET /names/demo-")).toEqual([]);
    expect(asked).toContain("GET /names/coffee");
  });

  it("is not sent without a name", async () => {
    const user = open("/ui/new");
    await user.click(await screen.findByRole("button", { name: "Make the store" }));
    expect(screen.getByRole("textbox", { name: /^Name/ })).toHaveFocus();
    expect(sent("POST /stores")).toEqual([]);
  });

  it("of an engine that is to come is told what that means", async () => {
    const user = open("/ui/new");
    await user.click(await screen.findByRole("radio", { name: /WooCommerce \(coming soon\)/ }));
    expect(screen.getByText("Nothing runs for it yet.")).toBeVisible();
  });
});

describe("a store's page", () => {
  it("shows what the active step waits for, and the log as it grows", async () => {
    const alpha = platform.add("alpha", "Provisioning", { pipeline: pipeline(2) });
    platform.record(alpha, "STORE_REQUESTED", "alpha was asked for.", "kubectl");
    const user = open("/ui/stores/alpha");
    const step = await screen.findByTestId("step-database");
    expect(step).toHaveTextContent("waits for the pod to be ready");
    expect(step).toHaveAttribute("aria-current", "step");
    expect(screen.getByTestId("step-helm")).toHaveTextContent("done, 4.0 s");
    expect(await screen.findByTestId("event-STORE_REQUESTED")).toHaveTextContent("alpha was asked for. by kubectl");
    await waitFor(() => expect(screen.getByTestId("connection")).toHaveTextContent("live"));

    act(() => platform.change("alpha", { pipeline: pipeline(3) }, "DB_READY", "The database is ready."));
    expect(await screen.findByTestId("event-DB_READY")).toHaveTextContent(/The database is ready\.$/);
    expect(screen.getByTestId("step-backend")).toHaveAttribute("data-state", "running");
    await user.type(screen.getByRole("searchbox", { name: "Filter" }), "asked");
    expect(screen.queryByTestId("event-DB_READY")).toBeNull();
    await expectAccessible();
  });

  it("offers a way out of a failure", async () => {
    platform.retryAllowed = true;
    const failed = pipeline(1).map((step) =>
      step.state === "running" ? { ...step, state: "failed" as const, error: "No quota." } : step,
    );
    platform.add("alpha", "Failed", { pipeline: failed });
    const user = open("/ui/stores/alpha");
    expect(await screen.findByRole("alert", { name: "Helm failed" })).toHaveTextContent("No quota.");
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    await waitFor(() => expect(sent("POST /stores/alpha/retry")).toHaveLength(1));
  });

  it("is reconciled, suspended and resumed, and tells why it is where it is", async () => {
    const explanation = "It waits for one of the 3 slots; its place in the queue is 2.";
    platform.add("alpha", "Ready", { operation: { id: "op", kind: "reconcile", state: "queued", explanation } });
    const user = open("/ui/stores/alpha");
    expect(await screen.findByRole("region", { name: "Reconciliation" })).toHaveTextContent(explanation);
    await user.click(await screen.findByRole("button", { name: "Reconcile now" }));
    await waitFor(() => expect(sent("POST /stores/alpha/reconcile")).toHaveLength(1));
    await user.click(screen.getByRole("switch", { name: /^Suspend/ }));
    expect(await screen.findByText("The store is suspended; resume it first.")).toBeVisible();
    expect(screen.getByRole("button", { name: "Reconcile now" })).toBeDisabled();
    await user.click(screen.getByRole("switch", { name: /^Suspend/ }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Reconcile now" })).toBeEnabled());
    expect(sent("PATCH /stores/alpha").map((request) => request.body)).toEqual([
      { suspended: true },
      { suspended: false },
    ]);
  });

  it("shows credentials on a click only, and hides them again", async () => {
    platform.add("alpha", "Ready");
    const user = open("/ui/stores/alpha");
    await user.click(await screen.findByRole("button", { name: "Show credentials" }));
    expect(await screen.findByText("correct horse")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Hide" }));
    expect(screen.queryByText("correct horse")).toBeNull();
  });

  it("is deleted by typing its name, and says when it is gone", async () => {
    platform.add("alpha", "Ready");
    const user = open("/ui/stores/alpha");
    await user.click(await screen.findByRole("button", { name: /Delete this store/ }));
    const dialog = within(await screen.findByRole("dialog"));
    const sure = dialog.getByRole("button", { name: "Delete for good" });
    await user.type(dialog.getByRole("textbox"), "alph");
    expect(sure).toBeDisabled();
    await expectAccessible();
    await user.type(dialog.getByRole("textbox"), "a");
    await user.click(sure);
    await waitFor(() => expect(screen.getByTestId("phase")).toHaveTextContent("Deleting"));
    expect(sent("DELETE /stores/alpha")[0]!.csrf).toBe("tok123");

    const store = platform.stores.get("alpha")!;
    platform.stores.delete("alpha");
    act(() => platform.say({ type: "event", event: platform.record(store, "DELETE_COMPLETE", "") }));
    expect(await screen.findByTestId("store-gone")).toBeVisible();
  });

  it("says why something can't be done", async () => {
    platform.add("alpha", "Ready", { deletion_protection: true });
    const user = open("/ui/stores/alpha");
    expect(await screen.findByText("The store is protected from deletion.")).toBeVisible();
    expect(screen.getByRole("button", { name: /Delete this store/ })).toBeDisabled();
    await user.click(screen.getByRole("switch", { name: "Protect from deletion" }));
    await waitFor(() => expect(screen.getByRole("button", { name: /Delete this store/ })).toBeEnabled());
  });

  it("of no store says so", async () => {
    open("/ui/stores/nothing");
    expect(await screen.findByTestId("not-found")).toBeVisible();
  });
});

describe("somebody who is not signed in", () => {
  it("signs in where they are, and is told when it does not work", async () => {
    platform.signedIn = false;
    platform.add("alpha", "Ready");
    const user = open("/ui/stores/alpha");
    await user.type(await screen.findByRole("textbox", { name: /Username/ }), "ada");
    await user.type(screen.getByLabelText(/Password/), "wrong");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText(/don't belong together/)).toBeVisible();
    await user.clear(screen.getByLabelText(/Password/));
    await user.type(screen.getByLabelText(/Password/), "right");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("heading", { name: "alpha" })).toBeVisible();
  });

  it("is asked to sign in again when the session ends", async () => {
    platform.add("alpha", "Ready");
    const user = open("/ui/stores/alpha");
    await screen.findByRole("button", { name: "Show credentials" });
    platform.signedIn = false;
    await user.click(screen.getByRole("button", { name: "Show credentials" }));
    expect(await screen.findByRole("button", { name: "Sign in" })).toBeVisible();
  });
});
