import { setImmediate } from "node:timers/promises";
import { filter, firstValueFrom, NEVER, of } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FinalRequest, Signal, SignalingHalf, SignalingStatus } from "../../../src/streams/contract.ts";
import type { WorkerEndpoint } from "../../../src/worker/endpoint.ts";
import { localSignaling } from "../../../src/worker/local.ts";
import { remoteSignaling } from "../../../src/worker/remote.ts";
import { CALL, code, handClock, type InlineWorker, inlineWorker } from "../../worker/stand-in.ts";
import { page } from "../page-events.ts";

const IDENTITY = { userId: "@alice:example.org", deviceId: "A" };
const INCOMING: Signal = {
  ...CALL,
  type: "incoming",
  peer: { userId: "@bob:example.org", partyId: "P" },
  description: { type: "offer", sdp: "o" },
  remaining: 60_000,
  capabilities: { transferee: false, dtmf: false },
  negotiable: true,
};
const REQUEST: FinalRequest = { ...CALL, url: "https://hs.test", method: "PUT", headers: {}, body: "{}" };

beforeEach(() => {
  // The network is gone.
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
});
const open: { half: SignalingHalf; clock: ReturnType<typeof handClock> }[] = [];
afterEach(async () => {
  for (const { half, clock } of open.splice(0)) {
    const closing = half.close();
    await setImmediate();
    clock.advance(3_000);
    await closing;
  }
  vi.unstubAllGlobals();
});

async function running(given?: WorkerEndpoint) {
  const clock = handClock();
  const workers: InlineWorker[] = [];
  const half = remoteSignaling(
    given ??
      (() => {
        const worker = inlineWorker();
        workers.push(worker);
        return worker;
      }),
    {},
    clock,
  );
  open.push({ half, clock });
  const statuses: SignalingStatus[] = [];
  half.status$.subscribe((status) => statuses.push(status));
  const signals: Signal[] = [];
  half.signals$.subscribe({ next: (signal) => signals.push(signal), error: () => {} });
  const online = async () => {
    await half.dispatch({ ...CALL, type: "streams", streams: [] });
    workers.at(-1)?.half.status.next({ state: "online", identity: IDENTITY });
    await firstValueFrom(half.status$.pipe(filter(({ state }) => state === "online")));
  };
  /** Has the engine say so, and waits until this side has it. */
  const receive = async (signal: Signal) => {
    const received = firstValueFrom(half.signals$);
    workers.at(-1)?.half.signals.next(signal);
    await received;
  };
  return { half, clock, workers, statuses, signals, online, receive };
}

describe("a page that the browser keeps for a return", () => {
  it("has no engine until it is shown again; the next begins with what is remembered", async () => {
    const { half, clock, workers, statuses, online, receive } = await running();
    await online();
    workers[0]?.half.memory$.next({ type: "position", position: "s1" });
    await receive(INCOMING); // by the same port
    page.hide(true);
    expect(workers[0]?.terminated()).toBe(1);
    expect(statuses.at(-1)).toMatchObject({ state: "reconnecting", error: { code: "worker_lost" } });
    expect(await code(half.dispatch({ ...CALL, type: "place" }))).toBe("worker_lost");
    clock.advance(600_000);
    expect(workers).toHaveLength(1);
    page.show();
    await online();
    expect(workers).toHaveLength(2);
    expect(workers[1]?.given[0]?.memory).toEqual({ position: "s1", calls: [] });
  });

  it("does not begin one that was waiting for its turn", async () => {
    const { clock, workers, online } = await running();
    await online();
    workers[0]?.fail(new Error("not today"));
    page.hide(true);
    clock.advance(60_000);
    expect(workers).toHaveLength(1);
    page.show();
    await online();
    expect(workers).toHaveLength(2);
  });

  it("keeps an engine in a worker that was given as such, which could not be had again", async () => {
    const worker = inlineWorker();
    const { half } = await running(worker);
    await half.dispatch({ ...CALL, type: "place" });
    page.hide(true);
    page.show();
    expect(worker.terminated()).toBe(0);
    expect(await code(half.dispatch({ ...CALL, type: "place" }))).toBe("resolved");
  });

  it("begins nothing, and listens no more, once the half is closed", async () => {
    const { half, clock, workers, online } = await running();
    await online();
    page.hide(true);
    const closing = half.close();
    clock.advance(3_000);
    await closing;
    page.show();
    expect(workers).toHaveLength(1);
  });
});

describe("a page that is left for good, or shown for the first time", () => {
  it("leaves its worker to the browser", async () => {
    const { workers, online } = await running();
    await online();
    page.show();
    page.hide(false);
    expect(workers).toHaveLength(1);
    expect(workers[0]?.terminated()).toBe(0);
  });
});

describe("the calls that the page takes for live", () => {
  it("are reported to the next engine: those that were seen, and have not ended or been replaced", async () => {
    const { workers, online, receive } = await running();
    await online();
    await receive({ ...CALL, callId: "answered", type: "invited" });
    await receive({ ...CALL, callId: "over", type: "invited" });
    await receive({ ...CALL, callId: "over", type: "ended", end: { by: "peer", reason: "user_hangup" } });
    const entry = { kind: "message", at: 0, direction: "sent", eventType: "m.call.hangup" } as const;
    await receive({ ...CALL, callId: "over", type: "trace", entry });
    await receive({ ...CALL, callId: "crossed", type: "invited" });
    await receive({ ...INCOMING, callId: "theirs", replaces: "crossed" });
    await receive({ ...INCOMING, roomId: "!elsewhere:example.org", callId: "crossed" });
    workers[0]?.vanish();
    page.hide(true);
    page.show();
    await online();
    expect(workers[0]?.given[0]?.known).toEqual([]);
    expect(workers[1]?.given[0]?.known).toEqual([
      { ...CALL, callId: "answered" },
      { ...CALL, callId: "theirs" },
      { roomId: "!elsewhere:example.org", callId: "crossed" },
    ]);
  });
});

describe.each([
  ["for good", false],
  ["and is kept for a return", true],
])("a page that is left %s in a call", (_, kept) => {
  const fetched = vi.fn(async () => {
    throw new TypeError("the network is gone");
  });
  beforeEach(() => {
    fetched.mockClear();
    vi.stubGlobal("fetch", fetched);
  });

  const calling = async () => {
    const there = await running();
    await there.online();
    const { half } = there.workers[0] as InlineWorker;
    half.memory$.next({ type: "call", ...CALL, state: "answered" });
    half.finalRequests$.next([REQUEST]);
    await there.receive({ ...INCOMING, callId: "ringing" });
    return there;
  };

  it("P48 makes the requests that are ready, and the call ends here by us; one that rings goes on", async () => {
    const { signals } = await calling();
    page.hide(kept);
    const { url, method, headers, body } = REQUEST;
    expect(fetched.mock.calls).toEqual([[url, { method, headers, body, keepalive: true }]]);
    expect(signals.slice(1)).toEqual([{ ...CALL, type: "ended", end: { by: "us", reason: "user_hangup" } }]);
  });

  it("has no engine go on with the call", async () => {
    const { workers, online } = await calling();
    page.hide(kept);
    if (kept) {
      page.show();
      await online();
      expect(workers[1]?.given[0]).toMatchObject({
        memory: { calls: [] },
        known: [{ ...CALL, callId: "ringing" }],
      });
    } else {
      const hangup = { ...CALL, type: "hangup", reason: "user_hangup" };
      await vi.waitFor(() => expect(workers[0]?.half.dispatched).toContainEqual(hangup));
    }
  });

  it("makes the newest requests alone, and none once the half is closed", async () => {
    const { half, clock, workers, receive } = await calling();
    workers[0]?.half.finalRequests$.next([]);
    await receive(INCOMING);
    page.hide(kept);
    page.show();
    const closing = half.close();
    await setImmediate();
    clock.advance(3_000);
    await closing;
    page.hide(kept);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe("an engine in the page itself", () => {
  it("hangs up where the page is left", async () => {
    const fetched = vi.fn(async () => Response.json({}));
    vi.stubGlobal("fetch", fetched);
    const sent: string[] = [];
    const half = localSignaling({
      transport: {
        batches$: NEVER,
        connected$: NEVER,
        identity: async () => IDENTITY,
        send: async (_roomId, type) => {
          sent.push(type);
          return "$id";
        },
        prepareSend: () => of(REQUEST),
        turnServers: async () => ({ iceServers: [], ttl: 60 }),
      },
    });
    await half.dispatch({ ...CALL, type: "place" });
    await half.dispatch({ ...CALL, type: "invite", description: { type: "offer", sdp: "o" } });
    page.hide(true);
    expect(fetched).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(sent).toEqual(["m.call.invite", "m.call.hangup"]));
    await half.close();
    page.hide(true);
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

describe("finalRequests$ across the ports", () => {
  it("are those of the engine, and are kept where it is lost", async () => {
    const { half, workers, online, receive } = await running();
    const lists: (readonly FinalRequest[])[] = [];
    half.finalRequests$?.subscribe((list) => lists.push(list));
    await online();
    workers[0]?.half.finalRequests$.next([REQUEST]);
    await receive(INCOMING);
    page.hide(true);
    expect(lists).toEqual([[], [REQUEST]]);
    page.show();
    await online();
    workers[1]?.half.finalRequests$.next([]);
    await receive(INCOMING);
    expect(lists).toEqual([[], [REQUEST], []]);
  });
});
