import type { Token } from "../api/types";

export type TokenState = "valid" | "expired" | "revoked";

/** Whether a token may be used; a revoked one stays revoked after its end. */
export function tokenState(token: Pick<Token, "revoked_at" | "expires_at">, now: number): TokenState {
  if (token.revoked_at) return "revoked";
  return token.expires_at && Date.parse(token.expires_at) <= now ? "expired" : "valid";
}

/** Days that a new token may live; never is last, so that it isn't chosen without thought. */
export const lifetimes = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "", label: "never expires" },
];
