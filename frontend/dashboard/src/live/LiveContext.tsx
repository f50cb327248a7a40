import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  type ReactNode,
} from "react";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../api/endpoints";
import { ApiError, isSignedOut } from "../api/http";
import { keys } from "../api/queries";
import type { Store } from "../api/types";
import { Connection, type Status } from "./connection";
import { initialState, reduce, type LiveState } from "./state";

interface Live {
  state: LiveState;
  status: Status;
  /** Why the stores can't be fetched; null when the last fetch went well. */
  error: unknown;
  /** Fetches all stores anew. */
  refresh: () => Promise<void>;
  /** Fetches one store anew, after the person did something to it. */
  refreshOne: (name: string) => Promise<void>;
}

const LiveContext = createContext<Live | null>(null);

/** An event without its store's new shape: after this the store is fetched. */
const patience = 2000;
const pollEvery = 5000;
/** How long the first fetch waits for the WebSocket, which makes it gapless, before it goes without. */
const greetingAwaited = 1500;

/** Keeps the stores and the log of the signed-in person up to date, for all pages below it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, dispatch] = useReducer(reduce, initialState);
  const [status, setStatus] = useState<Status>("connecting");
  const [error, setError] = useState<unknown>(null);
  const client = useQueryClient();
  // Read when a request is sent, never while rendering.
  const clock = useRef(0);
  const complete = useRef(false);
  useEffect(() => {
    clock.current = state.clock;
    complete.current = state.loaded;
  }, [state.clock, state.loaded]);

  const failed = useCallback(
    (reason: unknown) => {
      setError(reason);
      // Whether a session ended is told by /me alone, which the whole page hangs on.
      if (isSignedOut(reason)) void client.invalidateQueries({ queryKey: keys.me });
    },
    [client],
  );

  const refresh = useCallback(async () => {
    const sentAt = clock.current;
    // The first page of a thousand stores is there long before the last; later nobody waits for them.
    const onPage = complete.current
      ? undefined
      : (stores: Store[]) => dispatch({ type: "fetched-page", stores, sentAt });
    try {
      dispatch({ type: "fetched-all", stores: await api.stores(onPage), sentAt });
      setError(null);
    } catch (reason) {
      failed(reason);
    }
  }, [failed]);

  const refreshOne = useCallback(
    async (name: string) => {
      const sentAt = clock.current;
      try {
        dispatch({ type: "fetched-one", name, store: await api.store(name), sentAt });
      } catch (reason) {
        if (reason instanceof ApiError && reason.status === 404) {
          dispatch({ type: "fetched-one", name, store: null, sentAt });
        } else failed(reason);
      }
    },
    [failed],
  );

  useConnection(setStatus, dispatch, refresh);
  usePolling(status === "blocked", refresh);
  useFollowUp(state, refreshOne, refresh);

  const live = useMemo(
    () => ({ state, status, error, refresh, refreshOne }),
    [state, status, error, refresh, refreshOne],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

function useConnection(
  onStatus: (status: Status) => void,
  dispatch: (action: Parameters<typeof reduce>[1]) => void,
  refresh: () => Promise<void>,
): void {
  const client = useQueryClient();
  useEffect(() => {
    let fetched = false;
    const first = setTimeout(() => {
      if (!fetched) void refresh();
    }, greetingAwaited);
    const connection = new Connection({
      onStatus: (status) => {
        onStatus(status);
        // A refused handshake tells a page nothing: ask whether the session has ended.
        if (status === "blocked") void client.invalidateQueries({ queryKey: keys.me });
      },
      onMessage: (message) => dispatch({ type: "message", message }),
      onCaughtUp: () => {
        fetched = true;
        void refresh();
        void client.invalidateQueries({ queryKey: keys.store });
      },
    });
    connection.start();
    const hurry = () => document.visibilityState === "visible" && connection.hurry();
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    return () => {
      clearTimeout(first);
      connection.stop();
      window.removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
    };
  }, [client, dispatch, onStatus, refresh]);
}

function usePolling(needed: boolean, refresh: () => Promise<void>): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!needed) return undefined;
    const poll = () => {
      void refresh();
      void client.invalidateQueries({ queryKey: keys.store });
      void client.invalidateQueries({ queryKey: keys.logs });
    };
    poll();
    const timer = setInterval(poll, pollEvery);
    return () => clearInterval(timer);
  }, [needed, refresh, client]);
}

/** Fetches the stores whose new shape did not follow an event in time: live messages may get lost. */
function useFollowUp(
  { awaited, doubt }: LiveState,
  refreshOne: (name: string) => Promise<void>,
  refresh: () => Promise<void>,
): void {
  useEffect(() => {
    const names = Object.keys(awaited);
    if (names.length === 0 && doubt === null) return undefined;
    const timer = setTimeout(() => {
      if (names.length > 5 || doubt !== null) void refresh();
      else for (const name of names) void refreshOne(name);
    }, patience);
    return () => clearTimeout(timer);
  }, [awaited, doubt, refreshOne, refresh]);
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive is called outside of LiveProvider.");
  return live;
}
