import { pause, secondsOf } from "./pause";
import type { Problem } from "./types";

/** A request that was answered with an error, or not answered at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail || problem.title);
  }

  /** The sentence about one field, when the platform named it. */
  field(name: string): string | undefined {
    return this.problem.errors?.find((each) => each.field === name)?.message;
  }
}

/** Whether the platform does not know who is asking. */
export function isSignedOut(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 401 || (error.status === 403 && error.problem.type.endsWith(":not-authenticated"));
}

/** One sentence for a person. */
export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Django's CSRF token, set as a cookie with the page; empty when there is none. */
export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

interface Options {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  /** Statuses besides 2xx whose body is an answer and not an error. */
  alsoFine?: number[];
}

/** How often a request is sent that the platform puts off. */
const attempts = 3;

/** Asks the platform; the answer's JSON. One that comes too often waits as long as the platform asks. Raises ApiError. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(path, options);
    const wait = answer.status === 429 && attempt < attempts ? secondsOf(answer.headers.get("Retry-After")) : null;
    if (wait === null) return read<T>(answer, options.alsoFine ?? []);
    await pause(wait, options.signal);
  }
}

async function send(path: string, { method = "GET", body, signal }: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, noAnswer);
  }
}

async function read<T>(answer: Response, alsoFine: number[]): Promise<T> {
  const json: unknown = await answer.json().catch(() => null);
  if (answer.ok || alsoFine.includes(answer.status)) return json as T;
  throw new ApiError(answer.status, asProblem(answer.status, json));
}

const noAnswer: Problem = {
  type: "about:blank",
  title: "No answer",
  status: 0,
  detail: "The platform can't be reached. Check that it runs, and your connection to it.",
};

function asProblem(status: number, json: unknown): Problem {
  if (typeof json === "object" && json !== null && "type" in json && "detail" in json) return json as Problem;
  const detail = `The platform answered with HTTP ${status} and no explanation.`;
  return { type: "about:blank", title: `HTTP ${status}`, status, detail };
}
