import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { finding, Platform } from "../../../test/platform";
import { createQueryClient } from "../../api/client";
import { App } from "../../App";
import { theme } from "../../theme";

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
  platform.start();
  platform.add("alpha", "Ready");
});
afterEach(() => platform.stop());

async function open() {
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { retry: false } });
  render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={["/ui/stores/alpha"]}>
          <App />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { user: userEvent.setup(), drift: within(await screen.findByRole("region", { name: "Drift" })) };
}

/** What axe can judge without a layout; contrast is looked at in a real browser. */
async function expectAccessible() {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

const sent = (what: string) => platform.requests.filter((request) => request.what === what);

describe("the drift of a store", () => {
  it("shows nothing when nothing has drifted", async () => {
    const { drift } = await open();
    await waitFor(() => expect(sent("GET /stores/alpha/drift")).toHaveLength(1));
    expect(await drift.findByTestId("drift-policy")).toHaveValue("heal");
    expect(drift.queryByTestId("findings")).toBeNull();
    expect(drift.queryByTestId("drift-rules")).toBeNull();
    await expectAccessible();
  });

  it("shows what was wanted and what is there, and when it was seen and healed", async () => {
    platform.drifted = [
      finding("store-backend"),
      finding("gone", { id: 2, verdict: "missing", differences: [], message: "Deployment gone is missing." }),
    ];
    platform.healed = [
      finding("mended", { id: 3, healed_at: "2026-11-23T12:00:04Z", healed_by: "op" }),
      finding("by-itself", { id: 4, healed_at: "2026-11-23T12:00:04Z" }),
    ];
    const { drift } = await open();

    const changed = await drift.findByTestId("finding-Deployment-store-backend");
    expect(changed).toHaveTextContent(/Deployment store-backend was changed, seen .+spec\.replicas.*wanted 1found 3/);
    expect(changed.querySelector("time")).toHaveAttribute("datetime", "2026-11-23T12:00:00Z");
    expect(drift.getByTestId("finding-Deployment-gone")).toHaveTextContent("is missing");
    expect(drift.getByTestId("finding-Deployment-mended")).toHaveTextContent(/seen .+, healed/);
    expect(drift.getByTestId("finding-Deployment-by-itself")).toHaveTextContent(/seen .+, over since/);
    await expectAccessible();
  });

  it("is asked for again when it is heard to have changed", async () => {
    const { drift } = await open();
    await waitFor(() => expect(screen.getByTestId("connection")).toHaveTextContent("live"));
    platform.drifted = [finding("store-backend")];
    act(() => platform.change("alpha", {}, "DRIFT_DETECTED"));
    expect(await drift.findByTestId("finding-Deployment-store-backend")).toBeVisible();

    platform.drifted = [];
    act(() => platform.change("alpha", {}, "SELF_HEALED"));
    await waitFor(() => expect(drift.queryByTestId("finding-Deployment-store-backend")).toBeNull());
  });

  it("is healed, told or left alone as the person chooses", async () => {
    const { user, drift } = await open();
    await user.selectOptions(drift.getByTestId("drift-policy"), "warn");
    await waitFor(() =>
      expect(sent("PATCH /stores/alpha").map((each) => each.body)).toEqual([{ drift_policy: "warn" }]),
    );
    await waitFor(() => expect(drift.getByTestId("drift-policy")).toHaveValue("warn"));
  });

  it("is ignored from the difference on, by a rule that can be removed again", async () => {
    platform.drifted = [finding("store-backend")];
    const { user, drift } = await open();
    await user.click(await drift.findByRole("button", { name: "Ignore spec.replicas of store-backend…" }));
    await user.type(drift.getByRole("textbox", { name: "Why it is fine" }), "The sale.");
    await expectAccessible();
    await user.click(drift.getByRole("button", { name: "Ignore it" }));

    const rules = within(await drift.findByTestId("drift-rules"));
    expect(rules.getByRole("listitem")).toHaveTextContent(
      "Ignored: Deployment named store-backend, at /spec/replicas. The sale.",
    );
    expect(sent("POST /stores/alpha/drift/rules")[0]!.body).toEqual({
      kind: "Deployment",
      name: "store-backend",
      pointer: "/spec/replicas",
      manager: "",
      reason: "The sale.",
    });

    await user.click(rules.getByRole("button", { name: /^No longer ignore Deployment/ }));
    await waitFor(() => expect(drift.queryByTestId("drift-rules")).toBeNull());
    expect(sent("DELETE /stores/alpha/drift/rules/1")).toHaveLength(1);
  });

  it("says at the field why a rule can't be made", async () => {
    const { user, drift } = await open();
    await user.click(drift.getByTestId("new-rule"));
    await user.type(drift.getByRole("textbox", { name: /JSON pointer/ }), "spec.replicas");
    await user.click(drift.getByRole("button", { name: "Ignore it" }));
    await waitFor(() =>
      expect(drift.getByRole("textbox", { name: /JSON pointer/ })).toHaveAccessibleDescription(
        "'spec.replicas' is no JSON pointer.",
      ),
    );
    await user.click(drift.getByRole("button", { name: "Cancel" }));
    expect(drift.queryByTestId("rule-form")).toBeNull();
  });

  it("is only looked at by a viewer, and a rule of the platform by everybody", async () => {
    platform.changeAllowed = false;
    platform.drifted = [finding("store-backend")];
    const rule = { kind: "Secret", name: "", pointer: "", manager: "", reason: "" };
    platform.rules = [
      { ...rule, id: 1, scope: "platform" },
      { ...rule, id: 2, kind: "ConfigMap", scope: "store" },
    ];
    const { drift } = await open();
    const [platforms, own] = await drift.findAllByText(/^Ignored:/);
    expect(platforms).toHaveTextContent("Ignored: Secret. In all stores.");
    expect(within(platforms!).queryByRole("button")).toBeNull();
    expect(within(own!).getByRole("button")).toBeDisabled();
    expect(drift.getByTestId("drift-policy")).toBeDisabled();
    expect(drift.getByText("Only owners and members of the tenant may change a store.")).toBeVisible();
    expect(drift.getByTestId("new-rule")).toBeDisabled();
    expect(drift.queryByRole("button", { name: /^Ignore spec/ })).toBeNull();
  });
});
