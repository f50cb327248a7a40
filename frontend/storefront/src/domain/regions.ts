import type { HttpTypes } from "@medusajs/types";

type Region = HttpTypes.StoreRegion;

/**
 * The region to show first: the one chosen before, else the one that the browser's languages name a country of
 * (`de-AT` → at), else the first.
 */
export function pickRegion(
  regions: readonly Region[],
  remembered: string | null,
  languages: readonly string[],
): Region | undefined {
  const known = regions.find((region) => region.id === remembered);
  if (known) return known;
  for (const language of languages) {
    const country = language.split("-").at(-1)?.toLowerCase();
    const match = regions.find((region) => region.countries?.some((each) => each.iso_2 === country));
    if (match && language.includes("-")) return match;
  }
  return regions[0];
}
