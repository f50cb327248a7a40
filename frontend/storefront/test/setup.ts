import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(() => {
  if (typeof document === "undefined") return;
  cleanup();
  localStorage.clear();
});

if (typeof window !== "undefined") vi.stubGlobal("scrollTo", () => undefined);
