import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import type { Me, Tenant } from "../api/types";
import { useLive } from "../live/LiveContext";
import { chosenTenant, withLiveUse } from "../domain/tenants";

interface Choice {
  /** The person's tenants, with what is used of their quota now. */
  tenants: readonly Tenant[];
  /** The one that all pages are about; null for all of them. Who is in one has always chosen it. */
  tenant: Tenant | null;
  choose: (slug: string | null) => void;
}

const TenantContext = createContext<Choice | null>(null);

/** Where the browser keeps the choice, so that it is the same in each tab and tomorrow. */
const kept = "storeplane-tenant";

/** Says which tenant the pages below are about. */
export function TenantProvider({ me, children }: { me: Me; children: ReactNode }) {
  const { state } = useLive();
  const [slug, setSlug] = useState(() => localStorage.getItem(kept));
  const tenants = useMemo(() => {
    const sorted = [...me.tenants].sort((a, b) => a.name.localeCompare(b.name));
    return state.loaded ? withLiveUse(sorted, Object.values(state.stores)) : sorted;
  }, [me.tenants, state.loaded, state.stores]);
  const choice = useMemo(
    () => ({
      tenants,
      tenant: chosenTenant(tenants, slug),
      choose: (next: string | null) => {
        if (next === null) localStorage.removeItem(kept);
        else localStorage.setItem(kept, next);
        setSlug(next);
      },
    }),
    [tenants, slug],
  );
  return <TenantContext value={choice}>{children}</TenantContext>;
}

export function useTenant(): Choice {
  const choice = useContext(TenantContext);
  if (!choice) throw new Error("useTenant is called outside of TenantProvider.");
  return choice;
}
