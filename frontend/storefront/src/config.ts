/** What a store tells its shop: served by server.mjs as `/config.json`, never compiled in. */
export interface ShopConfig {
  storeName: string;
  /** Origin of the Store API; empty means the shop's own origin. */
  backendUrl: string;
  publishableKey: string;
  theme: Theme;
}

/** CSS colours by name; what is missing or not a colour keeps the shop's own value. */
export type Theme = Partial<Record<keyof typeof themeProperties, string>>;

const themeProperties = {
  primaryColor: "--color-primary",
  accentColor: "--color-accent",
  backgroundColor: "--color-background",
  surfaceColor: "--color-surface",
  textColor: "--color-text",
} as const;

/** Reads what `/config.json` answered, with a default for every field that is missing. */
export function parseConfig(raw: unknown): ShopConfig {
  const given = typeof raw === "object" && raw !== null ? (raw as Record<string, unknown>) : {};
  const text = (key: string, otherwise: string) =>
    typeof given[key] === "string" && given[key] !== "" ? given[key] : otherwise;
  return {
    storeName: text("storeName", "Store"),
    backendUrl: text("backendUrl", "").replace(/\/+$/, ""),
    publishableKey: text("publishableKey", ""),
    theme: typeof given["theme"] === "object" && given["theme"] !== null ? (given["theme"] as Theme) : {},
  };
}

/** Asks the server for the store's configuration; raises an Error with one sentence when it can't be had. */
export async function loadConfig(): Promise<ShopConfig> {
  const answer = await fetch("/config.json");
  if (!answer.ok) throw new Error(`The shop's configuration could not be read (HTTP ${answer.status}).`);
  return parseConfig(await answer.json());
}

/** Sets the theme's colours on the document, and a text colour that can be read on the primary one. */
export function applyTheme(theme: Theme, root: HTMLElement = document.documentElement): void {
  for (const [key, property] of Object.entries(themeProperties)) {
    const colour = theme[key as keyof Theme];
    if (typeof colour === "string" && CSS.supports("color", colour)) root.style.setProperty(property, colour);
  }
  const primary = theme.primaryColor && luminance(theme.primaryColor);
  if (typeof primary === "number") {
    // 0.179 is where black and white text have the same WCAG contrast against a background.
    root.style.setProperty("--color-on-primary", primary > 0.179 ? "#161616" : "#ffffff");
  }
}

/** Relative luminance (WCAG 2.2) of a `#rrggbb` colour from 0 to 1; null for any other notation. */
export function luminance(colour: string): number | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour.trim());
  if (!match) return null;
  const [red, green, blue] = match.slice(1).map((hex) => {
    const part = parseInt(hex, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
