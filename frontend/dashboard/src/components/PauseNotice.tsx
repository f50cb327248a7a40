import { Alert, Container } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { onPause, pausedUntil } from "../api/pause";
import { useNow } from "./Time";

/** Says that the platform asked for a pause, and that nothing needs to be done about it. */
export function PauseNotice() {
  const until = useSyncExternalStore(onPause, pausedUntil);
  return (
    <div role="status" data-testid="pause">
      {until > 0 && (
        <Container size="xl" pt="sm">
          <Alert color="yellow" variant="outline" title="Too many requests">
            The platform asked for a pause. This page goes on by itself
            <Countdown until={until} />.
          </Alert>
        </Container>
      )}
    </div>
  );
}

// A screen reader is told once, not every second.
function Countdown({ until }: { until: number }) {
  const seconds = Math.max(1, Math.ceil((until - useNow()) / 1000));
  return <span aria-hidden="true"> in {seconds} s</span>;
}
