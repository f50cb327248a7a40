import { Text } from "@mantine/core";
import { useLive } from "../live/LiveContext";
import type { Status } from "../live/connection";

const words: Record<Status, string> = {
  connecting: "connecting…",
  live: "live",
  reconnecting: "reconnecting…",
  blocked: "no live updates, asking every 5 s",
};

/** Whether what is shown follows the platform at once. */
export function ConnectionStatus() {
  const { status } = useLive();
  const dot = status === "live" ? "succeeded" : status === "blocked" ? "failed" : "running";
  return (
    <Text component="span" size="sm" role="status" data-testid="connection" data-status={status}>
      <span className={`dot ${dot}`} style={{ display: "inline-block", marginRight: "0.4rem" }} aria-hidden="true" />
      {/* On a telephone the dot is enough while all is well. */}
      <span className={status === "live" ? "roomy" : undefined}>{words[status]}</span>
    </Text>
  );
}
