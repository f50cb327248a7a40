import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// A machine that does other things, too, is slow, not wrong.
configure({ asyncUtilTimeout: 10_000 });

afterEach(() => {
  if (typeof document === "undefined") return;
  cleanup();
  localStorage.clear();
});

if (typeof window !== "undefined") {
  vi.stubGlobal("scrollTo", () => undefined);
  // The languages choose the region; these name no country of one, so the first is shown.
  Object.defineProperty(navigator, "languages", { value: ["en-GB"], configurable: true });
}
