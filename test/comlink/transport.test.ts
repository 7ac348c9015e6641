import { concat, firstValueFrom, lastValueFrom, NEVER, of, Subject, tap, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { remoteTransport, serveTransport } from "../../src/comlink/transport.ts";
import type { DelayedEvents, EventBatch, Transport } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { showable, type TransportWorld, unshowable } from "../../src/testing/transport-suite.ts";
import { memoryWorld } from "../signaling/transports/memory-world.ts";

const ends: { unsubscribe(): void }[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.unsubscribe();
});

function across(transport: Transport) {
  const { port1, port2 } = new MessageChannel();
  const serving = serveTransport(port1, transport);
  ends.push(serving);
  return { remote: remoteTransport(port2), serving };
}

/** Rooms in memory, to which all transports lead over a port. */
function portWorld(): TransportWorld {
  const world = memoryWorld();
  return {
    ...world,
    async createUser() {
      const user = await world.createUser();
      return { ...user, transport: across(user.transport).remote };
    },
  };
}

function idle(with_: Partial<Transport> = {}): Transport {
  return {
    batches$: NEVER,
    connected$: concat(of(true), NEVER),
    identity: async () => ({ userId: "@alice:example.org", deviceId: "A" }),
    send: async () => "$event",
    turnServers: async () => ({ iceServers: [], ttl: 60 }),
    ...with_,
  };
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: TrunklineError) => error.code,
  );

describe("the transport suite across a port", () => {
  const world = portWorld();
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out no more than the rooms in memory do", () => {
    expect(unshowable(world)).toEqual(unshowable(memoryWorld()));
  });
});

describe("a transport across a port", () => {
  const batch: EventBatch = { live: true, events: [] };

  it("is subscribed to there for as long as it is here", async () => {
    const batches$ = new Subject<EventBatch>();
    const { remote } = across(idle({ batches$ }));
    const first = firstValueFrom(remote.batches$);
    await vi.waitUntil(() => batches$.observed);
    batches$.next(batch);
    expect(await first).toEqual(batch);
    await vi.waitUntil(() => !batches$.observed);
  });

  it("completes, and errors with code and message, as it does there", async () => {
    const { remote } = across(idle({ batches$: of(batch) }));
    expect(await firstValueFrom(remote.batches$.pipe(toArray()))).toEqual([batch]);
    const failing = new Subject<EventBatch>();
    const { remote: other } = across(idle({ batches$: failing }));
    const end = firstValueFrom(other.batches$);
    end.catch(() => undefined);
    await vi.waitUntil(() => failing.observed);
    failing.error(new TrunklineError("unknown_token", "Log in again"));
    await expect(end).rejects.toMatchObject({ code: "unknown_token", message: "Log in again" });
  });

  it("rejects with what the request failed with there, when to try again included", async () => {
    const error = new TrunklineError("rate_limited", "Slow down", { retryAfter: 1500 });
    const { remote } = across(
      idle({
        send: () => Promise.reject(error),
        turnServers() {
          throw new Error("thrown at once");
        },
      }),
    );
    await expect(remote.send("!r", "m.call.invite", {}, "t")).rejects.toMatchObject({
      code: "rate_limited",
      retryAfter: 1500,
    });
    await expect(remote.turnServers()).rejects.toMatchObject({
      code: "unexpected",
      message: "thrown at once",
    });
  });

  it("rejects what cannot be cloned with invalid_option, and works on", async () => {
    const { remote } = across(idle());
    const content = { offer: () => "no data" };
    expect(await code(remote.send("!r", "m.call.invite", content, "t"))).toBe("invalid_option");
    expect(await remote.send("!r", "m.call.invite", {}, "t")).toBe("$event");
  });

  it("ends everything with worker_lost when the other end is gone", async () => {
    const { remote, serving } = across(idle({ send: () => new Promise(() => undefined) }));
    const pending = [firstValueFrom(remote.batches$), remote.send("!r", "m.call.invite", {}, "t")].map(code);
    const connected: boolean[] = [];
    const disconnected = lastValueFrom(remote.connected$.pipe(tap((each) => connected.push(each))));
    await vi.waitUntil(() => connected.length > 0);
    serving.unsubscribe();
    await disconnected;
    expect(connected).toEqual([true, false]);
    expect(await Promise.all(pending)).toEqual(["worker_lost", "worker_lost"]);
    expect(await code(remote.identity())).toBe("worker_lost");
  });

  it("P34 tells whether a delayed event still waits, as it is told there", async () => {
    const events: DelayedEvents = {
      schedule: async (...event) => JSON.stringify(event),
      restart: async (id) => id === "waits",
      cancel: async () => {},
    };
    const { remote } = across(idle({ delayed: async () => events }));
    const delayed = await remote.delayed?.();
    expect(await delayed?.schedule("!r", "m.call.hangup", {}, "t", 5)).toBe(
      '["!r","m.call.hangup",{},"t",5]',
    );
    expect([await delayed?.restart("waits"), await delayed?.restart("gone")]).toEqual([true, false]);
    expect(await delayed?.cancel("gone")).toBeUndefined();
  });

  it("has no delayed events where the transport has none", async () => {
    const { remote } = across(idle());
    expect(await remote.delayed?.()).toBeUndefined();
    const { remote: other } = across(idle({ delayed: async () => undefined }));
    expect(await other.delayed?.()).toBeUndefined();
  });
});
