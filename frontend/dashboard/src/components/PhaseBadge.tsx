import type { Phase, Store } from "../api/types";
import { phaseColours } from "../theme";

/** A phase as every screen shows it. */
export function PhaseBadge({ phase }: { phase: Phase }) {
  return (
    <span className="phase" style={{ backgroundColor: phaseColours[phase] }} data-testid="phase">
      {phase === "ComingSoon" ? "Coming soon" : phase}
    </span>
  );
}

/** The phase of a store, with its place in the queue while it waits. */
export function StorePhase({ store }: { store: Pick<Store, "phase" | "queue_position"> }) {
  return (
    <span>
      <PhaseBadge phase={store.phase} />
      {store.queue_position !== null && <span className="sub place"> number {store.queue_position} in the queue</span>}
    </span>
  );
}
