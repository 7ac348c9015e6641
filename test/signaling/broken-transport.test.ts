/** A transport that breaks its contract: the engine goes on, or stops with an error that names the clause. */
import { concat, NEVER, of, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { EventBatch, RoomEvent, SignalingStatus, Transport } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";

const roomId = "!room:test";
const invite: RoomEvent = {
  roomId,
  eventId: "$invite",
  sender: "@bob:test",
  type: "m.call.invite",
  content: {
    ...{ call_id: "theirs", party_id: "B", version: "1", lifetime: 60_000 },
    offer: { type: "offer", sdp: "v=0" },
  },
  encrypted: false,
};

/** An engine over a transport that is sound but for what is given, which need not be what the types say. */
async function stage(broken: (sound: Transport) => object) {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock });
  for (const user of ["@alice:test", "@bob:test"]) rooms.join(roomId, user);
  const sound = rooms.connect({ userId: "@alice:test", deviceId: "A" });
  const given = broken(sound);
  const transport = (given instanceof Forwarding ? given : { ...sound, ...given }) as Transport;
  const engine = createEngine({ transport, clock });
  const statuses: SignalingStatus[] = [];
  const signals: string[] = [];
  engine.status$.subscribe((status) => statuses.push(status));
  engine.signals$.subscribe({ next: ({ type }) => signals.push(type), error: () => {} });
  await clock.advance(100);
  return { clock, engine, signals, status: () => statuses.at(-1) };
}

/** A transport whose methods need their `this`. */
class Forwarding implements Transport {
  readonly #to: Transport;
  readonly batches$: Transport["batches$"];
  readonly connected$: Transport["connected$"];

  constructor(to: Transport) {
    this.#to = to;
    this.batches$ = to.batches$;
    this.connected$ = to.connected$;
  }

  identity() {
    return this.#to.identity();
  }

  send(...event: Parameters<Transport["send"]>) {
    return this.#to.send(...event);
  }

  prepareSend() {
    return of(this.#to && undefined);
  }

  turnServers() {
    return this.#to.turnServers();
  }
}

const emits = (batch: unknown) => () => ({ batches$: concat(of(batch), NEVER) });
const fails = async () => {
  throw new Error("boom");
};

describe("the engine stops, and names the clause", () => {
  it.each<[string, string, RegExp, (sound: Transport) => object]>([
    ["a batch that is nothing", "invalid_option", /batches\$ must emit/, emits(undefined)],
    ["a batch that is text", "invalid_option", /batches\$ must emit/, emits("batch")],
    ["a batch without events", "invalid_option", /events: \[\]/, emits({ live: true })],
    [
      "a batch that does not say whether it is live",
      "invalid_option",
      /live: boolean/,
      emits({ events: [] }),
    ],
    [
      "members that are no list",
      "invalid_option",
      /members\?: \[\]/,
      emits({ live: true, events: [], members: {} }),
    ],
    [
      "batches that complete",
      "invalid_option",
      /batches\$ must not complete/,
      () => ({ batches$: of({ live: false, events: [] }) }),
    ],
    [
      "batches$ that is no stream",
      "unexpected",
      /batches\$ failed/,
      () => ({ batches$: { subscribe() {} } }),
    ],
    [
      "batches$ that errors without a code",
      "unexpected",
      /batches\$ failed without a code: boom/,
      () => ({ batches$: throwError(() => new Error("boom")) }),
    ],
    [
      "connected$ that errors",
      "unexpected",
      /connected\$ failed without a code: boom/,
      () => ({ connected$: throwError(() => new Error("boom")) }),
    ],
    [
      "an identity that is nothing",
      "invalid_option",
      /identity\(\) must resolve with/,
      () => ({ identity: async () => undefined }),
    ],
    [
      "an identity without a device",
      "invalid_option",
      /deviceId/,
      () => ({ identity: async () => ({ userId: "@alice:test" }) }),
    ],
    [
      "identity() that rejects without a code",
      "unexpected",
      /identity failed.*boom/,
      () => ({ identity: fails }),
    ],
    [
      "identity() that throws",
      "unexpected",
      /identity failed.*boom/,
      () => ({
        identity() {
          throw new Error("boom");
        },
      }),
    ],
  ])("for %s", async (_, code, message, broken) => {
    const { engine, status } = await stage(broken);
    expect(status()).toMatchObject({
      state: "stopped",
      error: { code, message: expect.stringMatching(message) },
    });
    await expect(engine.dispatch({ type: "place", roomId, callId: "ours" })).rejects.toMatchObject({
      code: "closed",
    });
    await engine.close();
  });

  it("keeps the code of an error that has one", async () => {
    const revoked = new TrunklineError("unknown_token", "Log in again");
    const { status } = await stage(() => ({ batches$: throwError(() => revoked) }));
    expect(status()?.error).toEqual({ code: "unknown_token", message: "Log in again" });
  });
});

describe("the engine goes on", () => {
  const place = { type: "place", roomId, callId: "ours" } as const;
  const offer = {
    type: "invite",
    roomId,
    callId: "ours",
    description: { type: "offer", sdp: "v=0" },
  } as const;

  it.each<[string, object]>([
    ["without a room", { roomId: undefined }],
    ["without an id", { eventId: undefined }],
    ["of a sender that is no text", { sender: 5 }],
    ["of a type that is no text", { type: {} }],
    ["of a state key that is no text", { type: "m.room.member", stateKey: 5, content: null }],
  ])("P43 past an event %s, and reads the rest of its batch", async (_, wrong) => {
    const events = [{ ...invite, ...wrong }, null, "event", invite] as readonly RoomEvent[];
    const batch: EventBatch = { live: true, events };
    const { engine, clock, signals, status } = await stage((sound) => ({
      batches$: concat(of(batch), sound.batches$),
    }));
    expect(signals.filter((type) => type === "incoming")).toHaveLength(1);
    expect(status()?.state).toBe("online");
    const closing = engine.close();
    await clock.advance(3_000);
    await closing;
  });

  it.each<[string, (sound: Transport) => object]>([
    [
      "send() resolves without an event id",
      ({ send }) => ({ send: async (...to: Parameters<typeof send>) => void send(...to) }),
    ],
    ["turnServers() resolves with nothing", () => ({ turnServers: async () => undefined })],
    ["turnServers() rejects without a code", () => ({ turnServers: fails })],
    [
      "prepareSend() throws",
      () => ({
        prepareSend: () => {
          throw new Error("boom");
        },
      }),
    ],
    ["prepareSend() returns no stream", () => ({ prepareSend: () => 5 })],
    ["delayed() resolves with nonsense", () => ({ delayed: async () => 5 })],
    ["delayed() rejects without a code", () => ({ delayed: fails })],
    ["connected$ completes", () => ({ connected$: of(true) })],
  ])("where %s", async (_, broken) => {
    const { engine, clock, signals, status } = await stage(broken);
    const inviting = Promise.all([engine.dispatch(place), engine.dispatch(offer)]);
    await clock.advance(5_000);
    await inviting;
    expect(signals).toContain("invited");
    expect(status()?.state).toBe("online");
    const closing = engine.close();
    await clock.advance(3_000);
    await closing;
  });

  it("where send() rejects without a code: the call ends, with an error that names it", async () => {
    const { engine, clock, signals } = await stage(() => ({ send: fails }));
    await engine.dispatch(place);
    const inviting = engine.dispatch(offer);
    await expect(inviting).rejects.toMatchObject({
      code: "unexpected",
      message: expect.stringMatching(/send failed.*boom/),
    });
    expect(signals).toContain("ended");
    await clock.advance(100);
    await engine.close();
  });

  it("asks again who we are where identity() never settles, and says so", async () => {
    const { engine, clock, status } = await stage(() => ({ identity: () => new Promise(() => {}) }));
    const placing = engine.dispatch(place).catch((error: TrunklineError) => error.code);
    await clock.advance(120_000);
    expect(status()).toMatchObject({
      state: "reconnecting",
      error: {
        code: "homeserver_unreachable",
        message: expect.stringContaining("identity() has not settled"),
      },
    });
    expect(await placing).toBe("homeserver_unreachable");
    const closing = engine.close();
    await clock.advance(3_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  it("has no ICE servers where turnServers() rejects without a code, rather than wait for them", async () => {
    const { engine } = await stage(() => ({ turnServers: fails }));
    const seen: unknown[] = [];
    engine.iceServers$.subscribe((servers) => seen.push(servers));
    expect(seen).toEqual([[]]);
    await engine.close();
  });

  it("with a transport that is a class", async () => {
    const { engine, clock, signals } = await stage((sound) => new Forwarding(sound));
    const inviting = Promise.all([engine.dispatch(place), engine.dispatch(offer)]);
    await clock.advance(100);
    await inviting;
    expect(signals).toContain("invited");
    const closing = engine.close();
    await clock.advance(3_000);
    await closing;
  });
});
