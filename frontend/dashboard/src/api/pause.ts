/** The pause that the platform asked for by 429 and Retry-After; whoever asks for nothing else may go on meanwhile. */
const listeners = new Set<() => void>();
let until = 0;

/** Longer than the platform's own window of a minute; a longer pause is told as an error. */
const longest = 90;

/** When the pause ends, in milliseconds since 1970; 0 when there is none. */
export const pausedUntil = (): number => until;

export function onPause(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The seconds of a Retry-After that is worth waiting for, or null. It may be a date, too; the platform sends none. */
export function secondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null || !/^\d+$/.test(retryAfter)) return null;
  const seconds = Number(retryAfter);
  return seconds <= longest ? seconds : null;
}

/** Waits, and lets the page say so. Rejects when the signal is aborted. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  const end = Math.max(until, Date.now() + seconds * 1000);
  tell(end);
  setTimeout(() => until === end && tell(0), end - Date.now());
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function tell(end: number): void {
  until = end;
  for (const each of listeners) each();
}
