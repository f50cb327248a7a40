import { Text } from "@mantine/core";
import type { Tenant } from "../api/types";
import { quotaSentence } from "../domain/tenants";

/** How many stores of a tenant's plan are used, and how many are left. */
export function Quota({ tenant }: { tenant: Tenant }) {
  const full = tenant.stores_used >= tenant.stores_allowed;
  return (
    <Text size="sm" c={full ? "var(--bad)" : "dimmed"} data-testid={`quota-${tenant.slug}`}>
      {quotaSentence(tenant)}
    </Text>
  );
}
