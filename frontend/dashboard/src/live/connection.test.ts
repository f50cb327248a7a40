import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveMessage, StoreEvent } from "../api/types";
import { backoff, Connection, type Socket, type Status } from "./connection";

class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  closed = false;
  constructor(readonly path: string) {}
  close() {
    this.closed = true;
  }
  say(message: LiveMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  event(id: number) {
    this.say({ type: "event", event: { id } as StoreEvent });
  }
  greet(last_event_id: number) {
    this.say({ type: "hello", last_event_id });
    this.say({ type: "replayed", last_event_id });
  }
}

let sockets: FakeSocket[];
let statuses: Status[];
let caughtUp: number;
let connection: Connection;
const last = () => sockets.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  statuses = [];
  caughtUp = 0;
  connection = new Connection(
    { onStatus: (status) => statuses.push(status), onMessage: () => undefined, onCaughtUp: () => caughtUp++ },
    (path) => {
      sockets.push(new FakeSocket(path));
      return last();
    },
    () => 1,
  );
  connection.start();
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

describe("the connection", () => {
  it("is live once everything missed has been replayed", () => {
    last().say({ type: "hello", last_event_id: 7 });
    expect(statuses).toEqual(["connecting"]);
    last().say({ type: "replayed", last_event_id: 7 });
    expect(statuses).toEqual(["connecting", "live"]);
    expect(caughtUp).toBe(1);
  });

  it("resumes after what the platform vouched for, not after what came live since: that may have holes", () => {
    last().greet(7);
    last().event(9);
    last().onclose!();
    expect(statuses.at(-1)).toBe("reconnecting");
    vi.advanceTimersByTime(500);
    expect(last().path).toBe("/stores/ws?since=7");
    last().event(8);
    last().event(9);
    last().greet(9);
    last().event(12);
    last().say({ type: "ping", last_event_id: 11 });
    last().onclose!();
    vi.advanceTimersByTime(500);
    expect(last().path).toBe("/stores/ws?since=11");
  });

  it("that was never greeted resumes nowhere", () => {
    last().onclose!();
    vi.advanceTimersByTime(500);
    expect(last().path).toBe("/stores/ws");
  });

  it("waits longer after each failure, and says when it seems to be blocked", () => {
    for (const delay of [500, 1000, 2000, 4000]) {
      const before = sockets.length;
      last().onclose!();
      vi.advanceTimersByTime(delay - 1);
      expect(sockets).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(sockets).toHaveLength(before + 1);
    }
    expect(statuses).toEqual(["connecting", "reconnecting", "reconnecting", "blocked", "blocked"]);
    last().greet(1);
    expect(statuses.at(-1)).toBe("live");
  });

  it("spreads and caps its attempts", () => {
    expect(backoff(1, 0)).toBe(250);
    expect(backoff(1, 1)).toBe(500);
    expect(backoff(50, 1)).toBe(30_000);
  });

  it("takes long silence for a loss", () => {
    last().greet(1);
    vi.advanceTimersByTime(49_000);
    last().say({ type: "ping", last_event_id: 1 });
    vi.advanceTimersByTime(49_000);
    expect(statuses.at(-1)).toBe("live");
    vi.advanceTimersByTime(1000);
    expect(last().closed).toBe(true);
    expect(statuses.at(-1)).toBe("reconnecting");
  });

  it("does not wait when the browser comes back, and never opens a second one beside the first", () => {
    connection.hurry();
    expect(sockets).toHaveLength(1);
    last().onclose!();
    connection.hurry();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(sockets.filter((socket) => !socket.closed)).toHaveLength(1);
  });

  it("stays closed", () => {
    last().greet(1);
    connection.stop();
    vi.advanceTimersByTime(120_000);
    expect(sockets).toHaveLength(1);
    expect(last().closed).toBe(true);
  });
});
