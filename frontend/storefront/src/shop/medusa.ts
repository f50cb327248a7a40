import Medusa, { FetchError } from "@medusajs/js-sdk";
import type { ShopConfig } from "../config";

export type Sdk = Medusa;

/** One client for the page. Shoppers stay guests, so no token is ever kept. */
export function createSdk(config: ShopConfig): Sdk {
  return new Medusa({
    baseUrl: config.backendUrl || window.location.origin,
    publishableKey: config.publishableKey,
    auth: { type: "jwt", jwtTokenStorageMethod: "memory" },
  });
}

/** The backend kept the cart as it was, and says why it made no order of it. */
export class OrderRefused extends Error {}

/** Whether the backend said that the thing does not exist (any more). */
export function isGone(error: unknown): boolean {
  return error instanceof FetchError && error.status === 404;
}

/**
 * Whether asking again can help: no answer at all, the same still being done for an earlier request (Medusa's 409), too
 * many requests, or the backend's own failure.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof FetchError) || error.status === undefined) return true;
  return error.status === 409 || error.status === 429 || error.status >= 500;
}

/** One sentence for the shopper about what went wrong and what to do. */
export function explain(error: unknown): string {
  if (error instanceof FetchError && error.status !== undefined) {
    if (error.status === 409 || error.status === 429) return "The shop is busy. Wait a moment and try again.";
    if (error.status >= 500) return "The shop could not answer. Wait a moment and try again.";
    if (/required inventory|inventory/i.test(error.message)) return "There are not enough pieces of this in stock.";
    return error.message || "The shop did not accept this. Check your entries and try again.";
  }
  if (error instanceof OrderRefused) return error.message;
  return "The shop can't be reached. Check your connection and try again.";
}

/** Medusa may name pictures by a path of the backend (`/static/mug.svg`); those belong to its origin. */
export function pictureUrl(config: ShopConfig, url: string | null | undefined): string | null {
  if (!url) return null;
  return url.startsWith("/") ? config.backendUrl + url : url;
}
