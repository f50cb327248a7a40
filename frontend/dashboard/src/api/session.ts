import { ApiError, csrfToken } from "./http";

/**
 * Signs in by the same login that the browsable API uses. Raises ApiError with a sentence when the platform refuses.
 *
 * A right login answers with a redirect, a wrong one with the form again.
 */
export async function signIn(username: string, password: string): Promise<void> {
  if (!csrfToken()) await fetch("/api-auth/login/", { credentials: "same-origin" });
  const answer = await post("/api-auth/login/", { username, password });
  if (isRedirect(answer)) return;
  const detail =
    answer.status === 200
      ? "This username and password don't belong together. Mind capital letters."
      : `The platform did not accept the sign-in (HTTP ${answer.status}). Reload the page and try again.`;
  throw new ApiError(answer.status, { type: "about:blank", title: "Not signed in", status: answer.status, detail });
}

/** Ends the session here and on the platform. */
export async function signOut(): Promise<void> {
  await post("/api-auth/logout/", {});
}

async function post(path: string, fields: Record<string, string>): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      body: new URLSearchParams({ ...fields, csrfmiddlewaretoken: csrfToken() }),
      headers: { "X-CSRFToken": csrfToken() },
      credentials: "same-origin",
      redirect: "manual",
    });
  } catch {
    const detail = "The platform can't be reached. Check that it runs, and your connection to it.";
    throw new ApiError(0, { type: "about:blank", title: "No answer", status: 0, detail });
  }
}

function isRedirect(answer: Response): boolean {
  return answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400);
}
