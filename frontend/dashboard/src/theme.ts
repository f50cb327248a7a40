import { createTheme } from "@mantine/core";
import type { Phase } from "./api/types";

export const theme = createTheme({
  primaryColor: "blue",
  // White text on blue.8 and blue text on white both keep WCAG AA.
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** The colours of platform/stores/choices.py; white text on each keeps WCAG AA. */
export const phaseColours: Record<Phase, string> = {
  Pending: "#64748b",
  Provisioning: "#2563eb",
  Ready: "#15803d",
  Degraded: "#b45309",
  Failed: "#b91c1c",
  Suspended: "#6b21a8",
  Deleting: "#9f1239",
  ComingSoon: "#0e7490",
};
