import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { api, type Filter } from "./endpoints";
import type { Availability, Me, Page } from "./types";

/** Names of what is cached; a prefix invalidates all below it. */
export const keys = {
  me: ["me"],
  engines: ["engines"],
  plans: ["plans"],
  name: ["name"],
  health: ["health"],
  store: ["store"],
  logs: ["logs"],
  drift: ["drift"],
  rules: ["rules"],
  tokens: ["tokens"],
  members: ["members"],
  audit: ["audit"],
} as const;

/** Who is signed in; fails with 401 when nobody is. What was cached for somebody else before is shown to nobody. */
export function useMe() {
  const client = useQueryClient();
  return useQuery({
    queryKey: keys.me,
    retry: false,
    queryFn: async ({ signal }) => {
      const me = await api.me(signal);
      const before = client.getQueryData<Me>(keys.me);
      if (before && before.username !== me.username)
        client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
      return me;
    },
  });
}

export const useEngines = () => useQuery({ queryKey: keys.engines, queryFn: api.engines, staleTime: Infinity });

export const usePlans = () => useQuery({ queryKey: keys.plans, queryFn: api.plans, staleTime: Infinity });

/** Milliseconds without a key before a name that is being typed is asked about. */
const typingPause = 300;

/**
 * Whether the platform would take the name; undefined while that isn't known. Each name has an answer of its own, so one
 * that comes late is never shown for another name. Who can't be answered learns it from the refusal of the whole form.
 */
export function useAvailability(name: string, worthAsking: boolean): Availability | undefined {
  const [settled] = useDebouncedValue(name, typingPause);
  const enabled = worthAsking && settled === name;
  const { data } = useQuery({
    queryKey: [...keys.name, name],
    queryFn: ({ signal }) => api.name(name, signal),
    enabled,
    retry: false,
  });
  return worthAsking ? data : undefined;
}

/** The parts of the platform, asked again every 15 s while the page is looked at. */
export const useHealth = () =>
  useQuery({
    queryKey: keys.health,
    queryFn: ({ signal }) => api.health(signal),
    refetchInterval: 15_000,
    retry: false,
  });

/**
 * What only a fetch tells about a store: what the caller may do with it, and its last events. `version` names the state
 * that the answer is about; a new one fetches anew and meanwhile shows the answer before.
 */
export const useStoreDetail = (name: string, version: string) =>
  useQuery({
    queryKey: [...keys.store, name, version],
    queryFn: ({ signal }) => api.store(name, signal),
    placeholderData: (previous) => (previous?.name === name ? previous : undefined),
  });

/** What differs in a store; `version` names what it was last heard to have changed by. */
export const useDrift = (name: string, version: string) =>
  useQuery({
    queryKey: [...keys.drift, name, version],
    queryFn: ({ signal }) => api.drift(name, signal),
    placeholderData: (previous, query) => (query?.queryKey[1] === name ? previous : undefined),
  });

export const useRules = (name: string, version: string) =>
  useQuery({
    queryKey: [...keys.rules, name, version],
    queryFn: ({ signal }) => api.rules(name, signal),
    placeholderData: (previous, query) => (query?.queryKey[1] === name ? previous : undefined),
  });

/** A list that comes page by page, newest first. */
function usePages<T>(
  key: readonly unknown[],
  fetchPage: (page: string | null, signal: AbortSignal) => Promise<Page<T>>,
  enabled = true,
) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled,
  });
}

/** The activity log. What comes later comes live. */
export const useLogs = (name: string, bearer: string) =>
  usePages([...keys.logs, name, bearer], (page, signal) => api.logs(name, page, signal));

export const useTokens = (filter: Filter) =>
  usePages([...keys.tokens, filter], (page, signal) => api.tokens(filter, page, signal));

export const useMembers = (tenant: string) =>
  usePages([...keys.members, tenant], (page, signal) => api.members(tenant, page, signal));

export const useAudit = (filter: Filter, enabled: boolean) =>
  usePages([...keys.audit, filter], (page, signal) => api.audit(filter, page, signal), enabled);
