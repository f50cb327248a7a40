import type { LiveMessage } from "../api/types";

/**
 * `connecting` at first, `live`, `reconnecting` after a loss, and `blocked` when several attempts in a row never got a
 * connection (a proxy without WebSockets): then the page polls, while attempts go on.
 */
export type Status = "connecting" | "live" | "reconnecting" | "blocked";

interface Handlers {
  onStatus: (status: Status) => void;
  onMessage: (message: LiveMessage) => void;
  /** Everything missed has been replayed; what has no event must now be fetched. */
  onCaughtUp: () => void;
}

/** What of a WebSocket is used, so that a test can bring its own. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close: () => void;
}

const firstDelay = 500;
const longestDelay = 30_000;
const attemptsUntilBlocked = 3;
/** The platform pings every 20 s; a connection that is silent for longer than two of them is dead. */
const silenceAllowed = 50_000;

/** One WebSocket for the page, opened again whenever it is lost. */
export class Connection {
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private closed = false;
  /** All events up to this id have surely been received; null before the platform has said so. */
  private confirmed: number | null = null;

  constructor(
    private readonly handlers: Handlers,
    private readonly open: (path: string) => Socket = openWebSocket,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    this.handlers.onStatus("connecting");
    this.connect();
  }

  stop(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.drop();
  }

  /** Tries at once instead of waiting: the browser says that it is online or visible again. */
  hurry(): void {
    if (this.socket || this.closed) return;
    clearTimeout(this.timer);
    this.connect();
  }

  private connect(): void {
    const socket = this.open(this.confirmed === null ? "/stores/ws" : `/stores/ws?since=${this.confirmed}`);
    this.socket = socket;
    this.listen();
    socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)) as LiveMessage);
    socket.onclose = () => this.lost();
  }

  private receive(message: LiveMessage): void {
    this.listen();
    if (message.type === "hello") {
      this.failures = 0;
    } else if (message.type === "replayed" || message.type === "ping") {
      // The ids of live events prove nothing: they can overtake each other, or be swallowed.
      this.confirmed = message.last_event_id;
    }
    this.handlers.onMessage(message);
    if (message.type === "replayed") {
      this.handlers.onStatus("live");
      this.handlers.onCaughtUp();
    }
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (this.socket) this.lost();
    }, silenceAllowed);
  }

  private drop(): void {
    if (!this.socket) return;
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  private lost(): void {
    clearTimeout(this.silence);
    this.drop();
    if (this.closed) return;
    this.failures += 1;
    this.handlers.onStatus(this.failures >= attemptsUntilBlocked ? "blocked" : "reconnecting");
    this.timer = setTimeout(() => this.connect(), backoff(this.failures, this.random()));
  }
}

/** Milliseconds until attempt number `failures + 1`: doubling, capped, and spread so that not all pages come at once. */
export function backoff(failures: number, random: number): number {
  const delay = Math.min(longestDelay, firstDelay * 2 ** (failures - 1));
  return delay * (0.5 + random / 2);
}

function openWebSocket(path: string): Socket {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(url) as unknown as Socket;
}
