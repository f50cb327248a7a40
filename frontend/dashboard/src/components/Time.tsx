import { useSyncExternalStore } from "react";
import { ago, local, utc } from "../domain/time";

/** One clock for all times on the page, moving once a second while somebody looks. */
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time now in milliseconds, to the second; renders anew when it moves. */
export function useNow(): number {
  return useSyncExternalStore(listen, () => {
    // Without a running clock the time of the last look would be shown.
    if (timer === undefined) now = Date.now();
    return now;
  });
}

/** How long ago, with the time in UTC on hover. */
export function Ago({ time }: { time: string }) {
  const text = useSyncExternalStore(listen, () => ago(time, Date.now()));
  return (
    <time dateTime={time} title={utc(time)}>
      {text}
    </time>
  );
}

/** The time here, with the time in UTC on hover. */
export function LocalTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={utc(time)}>
      {local(time, Date.now())}
    </time>
  );
}
