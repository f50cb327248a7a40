import { Text } from "@mantine/core";
import { Link } from "react-router";
import type { Store } from "../api/types";
import { queue } from "../domain/listing";

/** How many of the stores hold a slot, how many wait for one, and whose turn is next. */
export function Work({ stores, slots }: { stores: readonly Store[]; slots: number | null }) {
  const { working, waiting, next } = queue(stores);
  if (working + waiting === 0) return null;
  return (
    <Text size="sm" c="dimmed" data-testid="work">
      {slots === null ? `${working} at work` : `${working} of ${slots} slots are at work on these stores`}
      {waiting > 0 && `; ${waiting} in the queue`}
      {next && (
        <>
          , next is{" "}
          <Link className="name-link" to={`/ui/stores/${next.name}`}>
            {next.name}
          </Link>
        </>
      )}
      .
    </Text>
  );
}
