import { NativeSelect } from "@mantine/core";
import { useTenant } from "../tenant/TenantContext";

/** For somebody in several tenants: which of them the pages are about. */
export function TenantSwitcher() {
  const { tenants, tenant, choose } = useTenant();
  if (tenants.length < 2) return null;
  return (
    <NativeSelect
      aria-label="Tenant"
      className="tenant-switcher"
      data-testid="tenant-switcher"
      value={tenant?.slug ?? ""}
      onChange={(event) => choose(event.currentTarget.value || null)}
      data={[{ value: "", label: "All tenants" }, ...tenants.map((each) => ({ value: each.slug, label: each.name }))]}
    />
  );
}
