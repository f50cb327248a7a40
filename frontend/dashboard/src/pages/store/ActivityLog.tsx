import { Button, CopyButton, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { explain } from "../../api/http";
import { useLogs } from "../../api/queries";
import type { Store, StoreEvent } from "../../api/types";
import { LocalTime } from "../../components/Time";
import { utc } from "../../domain/time";
import { useLive } from "../../live/LiveContext";
import { mergeEvents } from "../../live/state";

interface ActivityLogProps {
  store: Store;
  /** The last events, known before the log itself has been fetched. */
  first: readonly StoreEvent[];
}

/** Everything that happened to the store, newest first, live. */
export function ActivityLog({ store, first }: ActivityLogProps) {
  const { state } = useLive();
  const logs = useLogs(store.name, String(store.id));
  const [filter, setFilter] = useState("");
  const pages = logs.data?.pages;
  const events = useMemo(
    () => mergeEvents(state.events, pages ? pages.flatMap((page) => page.results) : first, store),
    [state.events, pages, first, store],
  );
  const text = filter.trim().toLowerCase();
  const shown = text ? events.filter((event) => line(event).toLowerCase().includes(text)) : events;
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <TextInput
          type="search"
          label="Filter"
          placeholder="helm, failed…"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
        <CopyButton value={shown.map(line).join("\n")}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? "Copied" : `Copy ${shown.length} ${shown.length === 1 ? "line" : "lines"}`}
            </Button>
          )}
        </CopyButton>
      </Group>
      {logs.error && <Text c="var(--bad)">The whole log can't be shown. {explain(logs.error)}</Text>}
      {shown.length === 0 ? (
        <Text c="dimmed">{text ? "No line has that in it." : "Nothing has happened yet."}</Text>
      ) : (
        // Focusable, so that it can be scrolled by the keyboard.
        <div className="log" data-testid="activity" tabIndex={0} role="log" aria-label="Activity, newest first">
          <ol>
            {shown.map((event) => (
              <Line key={event.id} event={event} />
            ))}
          </ol>
        </div>
      )}
      {logs.hasNextPage && (
        <Button variant="default" loading={logs.isFetchingNextPage} onClick={() => void logs.fetchNextPage()}>
          Show older
        </Button>
      )}
    </Stack>
  );
}

/** What a wish came by; what the platform does by itself has no origin. */
const origins: Record<Exclude<StoreEvent["origin"], "">, string> = {
  api: "the API",
  kubectl: "kubectl",
  admin: "the admin",
  sweep: "the sweep",
};

function Line({ event }: { event: StoreEvent }) {
  return (
    <li data-testid={`event-${event.type}`}>
      <LocalTime time={event.timestamp} />
      <code>{event.type}</code>
      <span className="log-message">
        {event.message}
        {event.origin && <span className="sub"> by {origins[event.origin]}</span>}
      </span>
    </li>
  );
}

/** A line of the log as text, for the filter and the clipboard. */
function line(event: StoreEvent): string {
  const by = event.origin ? `  by ${origins[event.origin]}` : "";
  return `${utc(event.timestamp)}  ${event.type}  ${event.message}${by}`;
}
