import type { HttpTypes } from "@medusajs/types";

export const checkoutSteps = ["address", "shipping", "payment"] as const;
export type CheckoutStep = (typeof checkoutSteps)[number];

/** The first step that the cart still lacks something for; `payment` when only the order is left to be placed. */
export function nextStep(cart: HttpTypes.StoreCart): CheckoutStep {
  if (!cart.email || !cart.shipping_address?.address_1) return "address";
  if (!cart.shipping_methods?.length) return "shipping";
  return "payment";
}

/** Whether the shopper may open a step: everything before it is done. */
export function mayOpen(step: CheckoutStep, cart: HttpTypes.StoreCart): boolean {
  return checkoutSteps.indexOf(step) <= checkoutSteps.indexOf(nextStep(cart));
}

/** Number of pieces in a cart or an order. */
export function countPieces(items: readonly { quantity: number }[] | null | undefined): number {
  return (items ?? []).reduce((sum, item) => sum + item.quantity, 0);
}

/** What a payment provider is called in front of a shopper; never pretends that money moves when it does not. */
export function paymentLabel(providerId: string): { title: string; note: string } {
  if (providerId === "pp_system_default") {
    return {
      title: "Pay on invoice (test provider)",
      note: "No money is taken. The order is placed at once, and the shop can mark it as paid later.",
    };
  }
  const title = providerId.replace(/^pp_/, "").replaceAll("_", " ");
  return { title, note: "" };
}
