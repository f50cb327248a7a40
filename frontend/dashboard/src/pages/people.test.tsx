import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectAccessible, open } from "../../test/page";
import { entry, member, tenant, token } from "../../test/people";
import { Platform } from "../../test/platform";

let platform: Platform;

beforeEach(() => {
  localStorage.clear();
  platform = new Platform();
  platform.start();
  document.cookie = "csrftoken=tok123";
});
afterEach(() => platform.stop());

const sent = (what: string) => platform.requests.filter((request) => request.what === what);
const lastQuery = (what: string) => new URLSearchParams(sent(what).at(-1)?.query);

describe("the tokens page", () => {
  it("makes a token, shows its secret once, and revokes it", async () => {
    const user = open("/ui/tokens");
    expect(await screen.findByText(/There is no token yet/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "New token" }));
    const dialog = within(await screen.findByRole("dialog", { name: "New token" }));
    await user.click(dialog.getByRole("button", { name: "Make the token" }));
    expect(dialog.getByRole("textbox", { name: /Name/ })).toHaveAccessibleDescription(/Give the token a name/);
    await expectAccessible();
    await user.type(dialog.getByRole("textbox", { name: /Name/ }), "nightly");
    await user.selectOptions(dialog.getByRole("combobox", { name: "Role" }), "viewer");
    await user.click(dialog.getByRole("button", { name: "Make the token" }));

    expect(await screen.findByTestId("token-secret")).toHaveTextContent("spt_00000001_secret");
    expect(screen.getByRole("alert")).toHaveTextContent("only time");
    expect(sent("POST /tokens")[0]!.body).toEqual({
      name: "nightly",
      role: "viewer",
      tenant: "acme",
      expires_in_days: 90,
    });
    await expectAccessible();
    await user.keyboard("{Escape}");
    expect(screen.getByTestId("token-secret")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "I have kept it" }));
    await waitFor(() => expect(screen.queryByTestId("token-secret")).toBeNull());

    await user.click(await screen.findByRole("button", { name: "Revoke nightly" }));
    await user.click(await screen.findByRole("button", { name: "Revoke it" }));
    await waitFor(() => expect(screen.queryByTestId("token-nightly")).toBeNull());
    await user.click(screen.getByRole("switch", { name: /revoked ones/ }));
    expect(await screen.findByTestId("token-nightly")).toHaveTextContent("revoked");
    await expectAccessible();
  });

  it("offers at most the person's own role, which another tenant may change", async () => {
    platform.people.me.tenants = [tenant("acme", "Acme", "member"), tenant("beta", "Beta", "viewer")];
    const user = open("/ui/tokens");
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const dialog = within(await screen.findByRole("dialog"));
    const roles = () => [...(dialog.getByRole("combobox", { name: "Role" }) as HTMLSelectElement).options];
    expect(roles().map((option) => option.value)).toEqual(["viewer", "member"]);
    await user.selectOptions(dialog.getByRole("combobox", { name: "Tenant" }), "beta");
    expect(roles().map((option) => option.value)).toEqual(["viewer"]);
    expect(dialog.getByRole("combobox", { name: "Role" })).toHaveValue("viewer");
  });
});

describe("the members page", () => {
  it("lets an owner take somebody in, give a role and put them out", async () => {
    const user = open("/ui/members");
    const field = await screen.findByRole("textbox", { name: /Add somebody/ });
    await screen.findByTestId("member-ada");
    await expectAccessible();
    await user.type(field, "nobody");
    await user.click(screen.getByRole("button", { name: "Add" }));
    await waitFor(() => expect(field).toHaveAccessibleDescription(/There is no user 'nobody'/));
    await user.clear(field);
    await user.type(field, "bob");
    await user.click(screen.getByRole("button", { name: "Add" }));
    const row = within(await screen.findByTestId("member-bob"));
    expect(sent("POST /tenants/acme/members").at(-1)!.body).toEqual({ user: "bob", role: "member" });

    await user.click(row.getByRole("combobox", { name: "Role of bob" }));
    await user.click(await screen.findByRole("option", { name: "owner" }));
    await waitFor(() => expect(sent("PATCH /tenants/acme/members/2")[0]?.body).toEqual({ role: "owner" }));
    await waitFor(() => expect(row.getByRole("combobox", { name: "Role of bob" })).toHaveValue("owner"));

    await user.click(row.getByRole("button", { name: "Remove bob" }));
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByTestId("member-bob")).toBeNull());
  });

  it("tells the last owner why they can't leave", async () => {
    const user = open("/ui/members");
    await user.click(await screen.findByRole("button", { name: "Leave this tenant" }));
    await user.click(await screen.findByRole("button", { name: "Leave" }));
    expect(await screen.findByText(/make somebody else an owner first/)).toBeVisible();
    await expectAccessible();
    expect(platform.people.members).toHaveLength(1);
  });

  it("lets a viewer look and leave, and nothing else", async () => {
    platform.people.me.tenants = [tenant("acme", "Acme", "viewer")];
    platform.people.members = [member(1, "ada", "viewer"), member(2, "bob", "owner")];
    platform.add("alpha", "Ready");
    const user = open("/ui/members");
    const bob = await screen.findByTestId("member-bob");
    expect(within(bob).queryByRole("button")).toBeNull();
    expect(screen.queryByRole("textbox")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Leave this tenant" }));
    await user.click(await screen.findByRole("button", { name: "Leave" }));
    expect(await screen.findByRole("heading", { name: "Stores" })).toBeVisible();
    await waitFor(() => expect(screen.queryByTestId("store-alpha")).toBeNull());
    expect(sent("DELETE /tenants/acme/members/1")).toHaveLength(1);
  });
});

describe("the audit page", () => {
  it("says what will stand there", async () => {
    open("/ui/audit");
    expect(await screen.findByText(/Here will stand each store/)).toBeVisible();
    await expectAccessible();
  });

  it("shows what was changed, is narrowed by its address, and goes on to older entries", async () => {
    platform.people.audit = [
      entry(4, "store.change", {
        before: { plan: "small", suspended: false },
        after: { plan: "large", suspended: false },
      }),
      entry(3, "token.create", { actor: "bob" }),
      entry(2, "store.create", { after: { name: "tea-shop" } }),
    ];
    const user = open("/ui/audit");
    expect(await screen.findByTestId("audit-4")).toHaveTextContent("plan small → large");
    expect(screen.getByTestId("audit-4")).not.toHaveTextContent("suspended");
    expect(screen.queryByTestId("audit-2")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show older" }));
    expect(await screen.findByTestId("audit-2")).toHaveTextContent("name tea-shop");
    await expectAccessible();

    await user.type(screen.getByRole("textbox", { name: "Who" }), "bob{Enter}");
    await waitFor(() => expect(screen.queryByTestId("audit-4")).toBeNull());
    expect(await screen.findByTestId("audit-3")).toBeVisible();
    await user.click(screen.getByRole("link", { name: "req-3" }));
    await waitFor(() => expect(lastQuery("GET /audit").get("request_id")).toBe("req-3"));
    expect(screen.getByRole("textbox", { name: "Who" })).toHaveValue("");
    await user.click(screen.getByRole("button", { name: "Clear" }));
    expect(await screen.findByTestId("audit-4")).toBeVisible();
  });

  it("asks for the times of its address, and shows the platform's refusal", async () => {
    open("/ui/audit?since=2026-11-23T10:00:00.000Z&until=2026-11-24T10:00:00.000Z&action=store.");
    expect(await screen.findByText(/No entry is like that/)).toBeVisible();
    expect(lastQuery("GET /audit").get("since")).toBe("2026-11-23T10:00:00.000Z");
    expect(lastQuery("GET /audit").get("until")).toBe("2026-11-24T10:00:00.000Z");
    expect(screen.getByRole("textbox", { name: "Action" })).toHaveValue("store.");
  });

  it("is for owners, and asks for nothing when the person is none", async () => {
    platform.people.me.tenants = [tenant("acme", "Acme", "member")];
    open("/ui/audit");
    expect(await screen.findByTestId("owners-only")).toHaveTextContent("You are member of Acme");
    expect(sent("GET /audit")).toEqual([]);
  });
});

describe("somebody in several tenants", () => {
  beforeEach(() => {
    platform.people.me.tenants = [tenant("acme", "Acme", "owner"), tenant("beta", "Beta", "owner")];
    platform.people.tokens = [token(1, "for-acme"), token(2, "for-beta", { tenant: "beta" })];
    platform.add("alpha", "Ready");
    platform.add("gamma", "Ready", { tenant: "beta" });
  });

  it("chooses one, and all pages follow, tomorrow, too", async () => {
    const user = open();
    expect(await screen.findByTestId("store-gamma")).toBeVisible();
    expect(screen.getByTestId("quota-acme")).toHaveTextContent("Acme has 1 of 10 stores; 9 more can be made.");
    await user.selectOptions(screen.getByRole("combobox", { name: "Tenant" }), "Beta");
    await waitFor(() => expect(screen.queryByTestId("store-alpha")).toBeNull());
    expect(screen.queryByTestId("quota-acme")).toBeNull();
    await expectAccessible();
    await user.click(screen.getByRole("link", { name: "Tokens" }));
    expect(await screen.findByTestId("token-for-beta")).toBeVisible();
    expect(screen.queryByTestId("token-for-acme")).toBeNull();
    expect(localStorage.getItem("storeplane-tenant")).toBe("beta");
    await user.click(screen.getByRole("link", { name: "Members" }));
    expect(await screen.findByRole("heading", { name: "Members of Beta" })).toBeVisible();
    await user.click(screen.getByRole("link", { name: "Stores" }));
    await user.click(await screen.findByRole("link", { name: "New store" }));
    await user.type(await screen.findByRole("textbox", { name: /^Name/ }), "my-shop");
    await user.click(screen.getByRole("button", { name: "Make the store" }));
    await waitFor(() => expect(sent("POST /stores")[0]?.body).toMatchObject({ tenant: "beta" }));
  });

  it("is asked for which tenant a new store is, also where only one of them would take it", async () => {
    platform.people.me.tenants = [tenant("acme", "Acme", "viewer"), tenant("eve", "Eve's", "member")];
    const user = open("/ui/new");
    await user.type(await screen.findByRole("textbox", { name: /^Name/ }), "my-shop");
    await user.click(screen.getByRole("button", { name: "Make the store" }));
    const choice = within(screen.getByRole("form", { name: "New store" })).getByRole("combobox", { name: "Tenant" });
    expect(choice).toHaveFocus();
    expect(choice).toHaveAccessibleDescription(/Say for which tenant/);
    expect(sent("POST /stores")).toHaveLength(0);
    await expectAccessible();
    await user.click(choice);
    await user.keyboard("{ArrowDown}{Enter}");
    await user.click(screen.getByRole("button", { name: "Make the store" }));
    await waitFor(() => expect(sent("POST /stores")[0]?.body).toMatchObject({ tenant: "eve" }));
  });

  it("is asked whose members to show", async () => {
    const user = open("/ui/members");
    await user.click(await screen.findByRole("button", { name: "Beta" }));
    expect(await screen.findByRole("heading", { name: "Members of Beta" })).toBeVisible();
  });
});

describe("a platform that is asked too often", () => {
  it("is waited for as long as it says, and the page says so", async () => {
    platform.people.tokens = [token(1, "old", { revoked_at: "2026-11-23T12:00:00Z" })];
    const user = open("/ui/tokens");
    await screen.findByText(/There is no token yet/);
    platform.putOff = 1;
    await user.click(screen.getByRole("switch", { name: /revoked ones/ }));
    expect(await screen.findByText(/goes on by itself/)).toBeVisible();
    expect(await screen.findByTestId("token-old")).toBeVisible();
    await waitFor(() => expect(screen.queryByText(/goes on by itself/)).toBeNull());
    expect(sent("GET /tokens")).toHaveLength(3);
  });

  it("is waited for twice, then the page shows what it said", async () => {
    const user = open("/ui/tokens");
    await screen.findByText(/There is no token yet/);
    platform.putOff = 3;
    await user.click(screen.getByRole("switch", { name: /revoked ones/ }));
    expect(await screen.findByText("Wait a second.")).toBeVisible();
  });
});
