/** A connection kept ready is made again where what it has gathered is out of date. */
import { of } from "rxjs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { page } from "../page-events.ts";

class Connection {
  static made = 0;
  static open = 0;
  constructor() {
    Connection.made += 1;
    Connection.open += 1;
  }
  close(): void {
    Connection.open -= 1;
  }
}

const network = new EventTarget();
let close: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { connection: network });
  vi.resetModules();
  const { browserMedia } = await import("../../../src/media/browser.ts");
  Connection.made = 0;
  const media = browserMedia({ RTCPeerConnection: Connection as never });
  const kept = media.warm?.(of([]));
  close = () => kept?.close();
  expect([Connection.made, Connection.open]).toEqual([1, 1]);
});
afterEach(() => {
  close();
  expect(Connection.open).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("made again when the page is online again, and not once it is closed", () => {
  page.online();
  expect([Connection.made, Connection.open]).toEqual([2, 1]);
  close();
  page.online();
  expect([Connection.made, Connection.open]).toEqual([2, 0]);
});

it("made again when the network changes, once in 20 s however often the browser reports it", () => {
  for (let i = 0; i < 5; i++) network.dispatchEvent(new Event("change"));
  expect(Connection.made).toBe(2);
  vi.advanceTimersByTime(20_001);
  network.dispatchEvent(new Event("change"));
  expect(Connection.made).toBe(3);
});

it("made again every four minutes", () => {
  vi.advanceTimersByTime(239_000);
  expect(Connection.made).toBe(1);
  vi.advanceTimersByTime(2_000);
  expect([Connection.made, Connection.open]).toEqual([2, 1]);
});
