import type { Role, Store, Tenant } from "../api/types";

/** The tenant that the person chose; the only one without choosing. Null is all of them. */
export function chosenTenant(tenants: readonly Tenant[], slug: string | null): Tenant | null {
  if (tenants.length === 1) return tenants[0]!;
  return tenants.find((tenant) => tenant.slug === slug) ?? null;
}

/** The tenants with the stores counted that are known to be there now; the quota counts those on their way out, too. */
export function withLiveUse(tenants: readonly Tenant[], stores: Iterable<Store>): Tenant[] {
  const used = new Map<string, number>();
  for (const store of stores) used.set(store.tenant, (used.get(store.tenant) ?? 0) + 1);
  return tenants.map((tenant) => ({ ...tenant, stores_used: used.get(tenant.slug) ?? 0 }));
}

/** What is used of a tenant's stores, in one sentence. */
export function quotaSentence({ name, stores_used, stores_allowed }: Tenant): string {
  const left = Math.max(0, stores_allowed - stores_used);
  const rest = left === 0 ? "there is no room for another one." : `${left} more can be made.`;
  return `${name} has ${stores_used} of ${stores_allowed} stores; ${rest}`;
}

/** From the least to the most. */
const roles: readonly Role[] = ["viewer", "member", "owner"];

export const roleWords: Record<Role, string> = {
  viewer: "viewer: looks",
  member: "member: makes and changes stores",
  owner: "owner: also people, tokens and the audit",
};

/** The roles that somebody with this one can give to a token. */
export function rolesUpTo(role: Role): Role[] {
  return roles.slice(0, roles.indexOf(role) + 1);
}
