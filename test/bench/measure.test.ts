import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { type BenchParts, type MeasureOptions, measure } from "../../src/bench/index.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { SignalingHalf, Transport } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/clock.ts";
import { type FakeMedia, fakeMedia } from "../../src/testing/fake-media.ts";

const ROOM = "!room:test";
const LATENCY = 20;

/** Rooms whose events take so long each way, and what the halves of a measurement leave behind. */
function world(clock: VirtualClock, latency = LATENCY) {
  const rooms = createMemoryRooms({ clock, latency });
  const medias: FakeMedia[] = [];
  const transport = (user: string): Transport => {
    rooms.join(ROOM, `@${user}:test`);
    return rooms.connect({ userId: `@${user}:test`, deviceId: "BENCH" });
  };
  const media = () => {
    medias.push(fakeMedia({ clock }));
    return medias.at(-1) as FakeMedia;
  };
  const left = () => medias.map(({ openSessions, liveTracks }) => openSessions + liveTracks);
  return { transport, media, left };
}

/** Lets virtual time pass until the measurement has settled. */
async function settle<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  done.catch(() => {});
  while (!settled) await clock.advance(100);
  return done;
}

const measured = (
  clock: VirtualClock,
  parts: BenchParts,
  options: MeasureOptions = {},
): ReturnType<typeof measure> => settle(clock, measure(parts, { clock, ...options }));

describe("measure()", () => {
  it("returns the samples of the caller's parts, and leaves nothing behind", async () => {
    const clock = virtualClock();
    const { transport, media, left } = world(clock);
    const found = await measured(clock, { transport, media }, { n: 3, roomId: ROOM });
    // There is the request, and the answer of the long poll.
    expect(found.hop?.samples).toEqual([2 * LATENCY, 2 * LATENCY, 2 * LATENCY]);
    expect(found.ring.samples).toHaveLength(3);
    expect(found.ring.p50).toBeGreaterThanOrEqual(2 * LATENCY);
    expect(found.pickUp.p50).toBeGreaterThanOrEqual(2 * LATENCY);
    expect(found.events.p50).toBeGreaterThanOrEqual(4);
    expect(found.roundTrip.samples).toHaveLength(15);
    expect(left()).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });

  it("compares one part: a transport twice as slow shows in hop, ring and pick-up, not in events", async () => {
    const clock = virtualClock();
    const of = (latency: number) => {
      const { transport } = world(clock, latency);
      return measured(clock, { transport }, { n: 2, roomId: ROOM });
    };
    const [fast, slow] = [await of(100), await of(200)];
    for (const figure of ["ring", "pickUp"] as const) {
      expect(slow[figure].p50 - fast[figure].p50, figure).toBeGreaterThanOrEqual(200);
    }
    expect((slow.hop?.p50 ?? 0) / (fast.hop?.p50 ?? 1)).toBe(2);
    expect(slow.events.p50).toBe(fast.events.p50);
  });

  it("needs no parts, and sees a half that answers late in its round trip alone", async () => {
    const clock = virtualClock();
    const slow = (_: string, transport: Transport): SignalingHalf => {
      const engine = createEngine({ transport, clock });
      return {
        ...engine,
        dispatch: async (command) => {
          if (command.type === "path") await new Promise<void>((done) => clock.schedule(() => done(), 7));
          return engine.dispatch(command);
        },
      };
    };
    const plain = await measured(clock, {}, { n: 1 });
    const late = await measured(clock, { signaling: slow }, { n: 1 });
    expect([plain.roundTrip.p95, late.roundTrip.p50]).toEqual([0, 7]);
    expect(late.ring.p50).toBe(plain.ring.p50);
    expect(plain.hop?.p50).toBe(0);
  });

  it("says nothing of a hop that the halves make out of reach", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    const signaling = (user: string) => createEngine({ transport: transport(user), clock });
    const found = await measured(clock, { signaling }, { n: 1, roomId: ROOM });
    expect(found).not.toHaveProperty("hop");
    expect(found.ring.p50).toBeGreaterThanOrEqual(2 * LATENCY);
    // Both beside each other: the transport that is given is still measured.
    const both = await measured(clock, { signaling, transport }, { n: 1, roomId: ROOM });
    expect(both.hop?.p50).toBe(2 * LATENCY);
    await expect(measured(clock, { signaling })).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("roomId"),
    });
    expect(clock.pending).toBe(0);
  });

  it("takes a transport that is an instance of a class, with private fields", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    class Own implements Transport {
      readonly #inner: Transport;
      readonly batches$;
      readonly connected$;
      constructor(user: string) {
        this.#inner = transport(user);
        ({ batches$: this.batches$, connected$: this.connected$ } = this.#inner);
      }
      identity = () => this.#inner.identity();
      turnServers = () => this.#inner.turnServers();
      send(...request: Parameters<Transport["send"]>) {
        return this.#inner.send(...request);
      }
    }
    const found = await measured(clock, { transport: (user) => new Own(user) }, { n: 1, roomId: ROOM });
    expect(found.hop?.p50).toBe(2 * LATENCY);
  });

  it("reports progress after each call that counts", async () => {
    const clock = virtualClock();
    const seen: number[] = [];
    await measured(clock, {}, { n: 2, onProgress: ({ done, n }) => seen.push(done, n) });
    expect(seen).toEqual([0, 2, 1, 2, 2, 2]);
  });

  it.each([1, 350, 700])("ends when it is aborted, in the midst of whatever it does (%d ms)", async (ms) => {
    const clock = virtualClock();
    const { transport, media, left } = world(clock);
    const controller = new AbortController();
    const { signal } = controller;
    const work = measure({ transport, media }, { n: 5, roomId: ROOM, clock, signal });
    work.catch(() => {});
    await clock.advance(ms);
    controller.abort();
    await expect(settle(clock, work)).rejects.toMatchObject({ code: "aborted" });
    expect(left()).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });

  it("does not begin where it is aborted already", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    await expect(
      measured(clock, { transport }, { roomId: ROOM, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "aborted" });
    expect(clock.pending).toBe(0);
  });

  it("rejects with why a call ended, and closes", async () => {
    const clock = virtualClock();
    const { transport, media, left } = world(clock);
    const refusing = (user: string): Transport => ({
      ...transport(user),
      send: async (_room, type) => {
        if (type === "m.call.invite") throw new TrunklineError("forbidden", "not in this room");
        return "$event";
      },
    });
    const parts = {
      transport,
      media,
      signaling: (user: string) => createEngine({ transport: refusing(user), clock }),
    };
    await expect(measured(clock, parts, { n: 1, roomId: ROOM })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not in this room"),
    });
    expect(left()).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });

  it("rejects with how far a call came that does not end", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    const deaf = (user: string): Transport => ({
      ...transport(user),
      ...(user === "callee" && { batches$: new Subject() }),
    });
    const parts = { transport, signaling: (user: string) => createEngine({ transport: deaf(user), clock }) };
    await expect(measured(clock, parts, { n: 1, roomId: ROOM })).rejects.toMatchObject({
      code: "unexpected",
      message: expect.stringMatching(/30 s/),
    });
    expect(clock.pending).toBe(0);
  });

  it("closes the first half where the second cannot be made", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    const closed: string[] = [];
    const signaling = (user: string, given: Transport): SignalingHalf => {
      if (user === "callee") throw new TrunklineError("worker_failed", "no worker");
      const engine = createEngine({ transport: given, clock });
      return {
        ...engine,
        close: () => {
          closed.push(user);
          return engine.close();
        },
      };
    };
    await expect(measured(clock, { transport, signaling }, { roomId: ROOM })).rejects.toMatchObject({
      code: "worker_failed",
    });
    expect(closed).toContain("caller");
    expect(clock.pending).toBe(0);
  });

  it("waits for a half that never closes no longer than 30 s", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    const signaling = (_user: string, given: Transport): SignalingHalf => {
      const engine = createEngine({ transport: given, clock });
      return { ...engine, close: () => engine.close().then(() => new Promise<void>(() => {})) };
    };
    const work = measure({ transport, signaling }, { roomId: ROOM, signal: AbortSignal.abort(), clock });
    const outcome = work.then(
      () => "resolved",
      (error: TrunklineError) => error.code,
    );
    await clock.advance(31_000);
    expect(await Promise.race([outcome, Promise.resolve("still waiting")])).toBe("aborted");
    expect(clock.pending).toBe(0);
  });

  it("closes every half, and rejects with what went wrong, where one throws as it closes", async () => {
    const clock = virtualClock();
    const { transport } = world(clock);
    const closed: string[] = [];
    const signaling = (user: string, given: Transport): SignalingHalf => ({
      ...createEngine({ transport: given, clock }),
      close() {
        closed.push(user);
        throw new Error("it does not close");
      },
    });
    const signal = AbortSignal.abort();
    await expect(measured(clock, { transport, signaling }, { roomId: ROOM, signal })).rejects.toMatchObject({
      code: "aborted",
    });
    expect(new Set(closed)).toEqual(new Set(["caller", "callee"]));
  });

  it.each<[string, unknown, unknown]>([
    ["parts", null, {}],
    ["transport", { transport: { send() {} } }, { roomId: ROOM }],
    ["media", { media: fakeMedia() }, {}],
    ['transport("caller")', { transport: () => ({}) }, { roomId: ROOM }],
    ["signaling", { signaling: () => ({}) }, {}],
    ['transport("caller")', { transport: () => undefined }, { roomId: ROOM }],
    ["signaling", { signaling: () => undefined }, {}],
    ["media", { media: () => undefined }, {}],
    ["options", {}, 10],
    ["n", {}, { n: 0 }],
    ["n", {}, { n: 1.5 }],
    ["roomId", {}, { roomId: "#alias:test" }],
    ["roomId", { transport: () => ({}) }, {}],
    ["acceptAfter", {}, { acceptAfter: -1 }],
    ["lasts", {}, { lasts: Number.NaN }],
    ["warm", {}, { warm: "yes" }],
    ["video", {}, { video: 1 }],
    ["signal", {}, { signal: true }],
    ["onProgress", {}, { onProgress: "log" }],
    ["clock", {}, { clock: Date }],
  ])("rejects with invalid_option and the name: %s", async (name, parts, options) => {
    const work = measure(parts as BenchParts, options as MeasureOptions);
    await expect(work).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining(`${name} must be`),
    });
  });
});
