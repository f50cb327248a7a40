import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { MemoryRouter } from "react-router";
import { expect } from "vitest";
import { createQueryClient } from "../src/api/client";
import { App } from "../src/App";
import { theme } from "../src/theme";

/** The dashboard at an address, and a person who uses it. */
export function open(address = "/") {
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { retry: false } });
  render(
    // Transitions would only keep the test waiting.
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={[address]}>
          <App />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return userEvent.setup();
}

/** What axe can judge without a layout; contrast is looked at in a real browser. */
export async function expectAccessible() {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
