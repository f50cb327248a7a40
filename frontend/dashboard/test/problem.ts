import { HttpResponse } from "msw";

/** A problem document as the platform answers it. */
export function problem(
  status: number,
  reason: string,
  detail: string,
  errors: { field: string; message: string }[] = [],
  headers: Record<string, string> = {},
): Response {
  return HttpResponse.json(
    { type: `urn:storeplane:problem:${reason}`, title: reason, status, detail, errors },
    { status, headers },
  );
}
