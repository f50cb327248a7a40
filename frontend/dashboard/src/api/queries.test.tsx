import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { PropsWithChildren } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { token } from "../../test/people";
import { Platform } from "../../test/platform";
import { createQueryClient } from "./client";
import { keys, useMe } from "./queries";

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
  platform.start();
});
afterEach(() => platform.stop());

describe("what was cached", () => {
  it.each([
    ["ada", true],
    ["bob", false],
  ])("for ada, when %s is signed in by now, stays: %s", async (username, stays) => {
    const client = createQueryClient();
    client.setQueryData(keys.me, { ...platform.people.me });
    client.setQueryData([...keys.tokens, {}], [token(1, "nightly")]);
    platform.people.me.username = username;
    const wrapper = ({ children }: PropsWithChildren) => (
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    );

    const { result } = renderHook(() => useMe().data?.username, { wrapper });
    await client.refetchQueries({ queryKey: keys.me });

    await waitFor(() => expect(result.current).toBe(username));
    expect(client.getQueryData([...keys.tokens, {}]) !== undefined).toBe(stays);
  });
});
