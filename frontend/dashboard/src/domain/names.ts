/** What a store may be called, judged while it is typed; the platform has the last word (platform/stores/names.py). */
const minLength = 3;
const maxLength = 40;

/** One sentence about what is wrong with the name, or null. An empty name is no mistake yet. */
export function problemWith(name: string): string | null {
  if (name === "") return null;
  if (/[A-Z]/.test(name)) return "Use lower-case letters only.";
  if (/[^a-z0-9-]/.test(name)) return "Use letters, digits and hyphens only.";
  if (!/^[a-z]/.test(name)) return "Start with a letter.";
  if (name.endsWith("-")) return "End with a letter or a digit.";
  if (name.length < minLength) return `Use at least ${minLength} characters.`;
  if (name.length > maxLength) return `Use at most ${maxLength} characters; these are ${name.length}.`;
  return null;
}

/**
 * What the address of a new store will be, worked out from the address of one that exists; null when there is none to
 * learn from.
 */
export function addressOf(name: string, known: { name: string; url: string } | undefined): string | null {
  if (!known?.url || !URL.canParse(known.url)) return null;
  const url = new URL(known.url);
  if (!url.hostname.startsWith(`${known.name}.`)) return null;
  url.hostname = `${name}${url.hostname.slice(known.name.length)}`;
  return url.origin;
}
