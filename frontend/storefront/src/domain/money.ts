/** A price as a person reads it. Medusa v2 gives amounts in whole units of the currency (24.5 is €24.50). */
export function formatMoney(amount: number | null | undefined, currencyCode: string, locale?: string): string {
  if (amount === null || amount === undefined) return "–";
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency: currencyCode }).format(amount);
  } catch {
    // An operator may add a currency that this browser has no name for.
    return `${amount.toFixed(2)} ${currencyCode.toUpperCase()}`;
  }
}
