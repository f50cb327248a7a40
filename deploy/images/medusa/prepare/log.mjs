/** A foreseen failure: its message is one sentence for a person, printed without a stack. */
export class Failure extends Error {}

/** One plain line with the seconds since the process began. Never give it a secret. */
export function say(text) {
  process.stdout.write(`[prepare +${(performance.now() / 1000).toFixed(2)} s] ${text}\n`)
}
