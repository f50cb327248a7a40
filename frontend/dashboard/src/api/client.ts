import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isSignedOut } from "./http";
import { keys } from "./queries";

/** The cache of answers. Whatever finds that the session has ended makes the page ask who is signed in. */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[0] !== keys.me[0]) checkSession(error);
      },
    }),
    mutationCache: new MutationCache({ onError: checkSession }),
    defaultOptions: { queries: { staleTime: 5000, retry: (count, error) => count < 2 && isPassing(error) } },
  });

  function checkSession(error: unknown): void {
    if (isSignedOut(error)) void client.invalidateQueries({ queryKey: keys.me });
  }
  return client;
}

/** Whether asking again can help; who asked too often has waited already (http.ts). */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
