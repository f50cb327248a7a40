import type { Plan } from "../api/types";

/** What a store of the plan may use, in words: "Up to 1.5 CPU cores and 4 GiB of memory, 1 GiB of disk." */
export function resources({ cpu, memory, storage }: Pick<Plan, "cpu" | "memory" | "storage">): string {
  return `Up to ${cores(cpu)} and ${bytes(memory)} of memory, ${bytes(storage)} of disk.`;
}

/** A Kubernetes quantity of CPU: `250m` is a quarter of a core. */
function cores(quantity: string): string {
  const count = quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
  return count === 1 ? "1 CPU core" : `${count} CPU cores`;
}

/** A Kubernetes quantity of bytes as it is, but for the missing letter: `4Gi` is 4 GiB. */
function bytes(quantity: string): string {
  return quantity.replace(/^([\d.]+)([KMGTP]i)$/, "$1 $2B");
}
