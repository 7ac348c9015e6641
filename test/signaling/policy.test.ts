import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { Signal } from "../../src/streams/contract.ts";
import { POLICIES, type PolicyOption } from "../../src/streams/policy.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { alice, bob, candidate, offer } from "./support.ts";

const roomId = "!room:test";
const call = { roomId, callId: "c" };
const streams = (audioMuted: boolean) => [
  { id: "s", purpose: "m.usermedia" as const, audioMuted, videoMuted: false },
];

async function world(policy?: PolicyOption) {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock });
  for (const { userId } of [alice, bob]) rooms.join(roomId, userId);
  const sent: { type: string; at: number; content: Record<string, unknown> }[] = [];
  const engineOf = ({ userId }: { userId: string }) => {
    const transport = rooms.connect({ userId, deviceId: "D" });
    const signals: Signal["type"][] = [];
    const engine = createEngine({
      transport: {
        ...transport,
        delayed: async () => undefined,
        send(room, type, content, txnId) {
          sent.push({ type, at: clock.now(), content: content as Record<string, unknown> });
          return transport.send(room, type, content, txnId);
        },
      },
      clock,
      random: Math.random,
      ...(policy !== undefined && { policy }),
    });
    engine.signals$.subscribe(({ type }) => type !== "trace" && signals.push(type));
    return { ...engine, signals };
  };
  const [ours, theirs] = [engineOf(alice), engineOf(bob)];
  await clock.advance(1_000);
  await ours.dispatch({ ...call, type: "place" });
  ours.dispatch({ ...call, type: "invite", ...offer, streams: streams(false) }).catch(() => {});
  await clock.advance(1_000);
  sent.length = 1;
  const begun = clock.now();
  /** When events of a kind left, in ms. */
  const times = (type: string) => sent.filter((event) => event.type === type).map(({ at }) => at - begun);
  const find = (name: string) =>
    ours.dispatch({ ...call, type: "candidate", candidate: candidate(name) }).catch(() => {});
  const mute = (on: boolean) => ours.dispatch({ ...call, type: "streams", streams: streams(on) });
  return { clock, ours, theirs, sent, times, find, mute };
}

describe("the policy of an engine", () => {
  it.each(["balanced", "fast", "frugal"] as const)("P23 %s: candidates leave as it says", async (name) => {
    const { debounce, gaps } = POLICIES[name].candidates;
    const { clock, times, find } = await world(name);
    find("a");
    await clock.advance(1);
    find("b");
    await clock.advance(debounce);
    find("c");
    await clock.advance(30_000);
    const first = 1 + debounce;
    expect(times("m.call.candidates")).toEqual([first, first + Math.max(gaps[0], debounce)]);
  });

  it.each(["balanced", "fast", "frugal"] as const)(
    "P25 %s: changes of our streams leave as it says",
    async (name) => {
      const { debounce, maxWait } = POLICIES[name].streams;
      const { clock, times, mute } = await world(name);
      await mute(true);
      await clock.advance(debounce / 2);
      await mute(false);
      await clock.advance(debounce / 2);
      await mute(true);
      await clock.advance(10_000);
      const [first] = times("m.call.sdp_stream_metadata_changed");
      expect(first).toBe(Math.min(2 * debounce, maxWait));
    },
  );

  it("P7 gives invites the lifetime that it names, unless the call has one of its own", async () => {
    const { sent, ours, clock } = await world({ lifetime: 12_000 });
    expect(sent[0]).toMatchObject({ type: "m.call.invite", content: { lifetime: 12_000 } });
    await ours.dispatch({ ...call, callId: "d", type: "place", lifetime: 5_000 });
    ours.dispatch({ ...call, callId: "d", type: "invite", ...offer }).catch(() => {});
    await clock.advance(100);
    expect(sent.at(-1)).toMatchObject({ type: "m.call.invite", content: { lifetime: 5_000 } });
  });

  it("P8 does not ring for a call that leaves less time than it names", async () => {
    const rings = async (minTimeToAnswer: number) =>
      (await world({ lifetime: 10_000, minTimeToAnswer })).theirs.signals.includes("incoming");
    expect(await rings(9_000)).toBe(true);
    expect(await rings(11_000)).toBe(false);
  });

  it("throws invalid_option for one that contradicts itself", () => {
    const transport = createMemoryRooms().connect({ userId: "@a:test", deviceId: "D" });
    const policy = { candidates: { debounce: 50, maxWait: 20, gaps: [] } };
    expect(() => createEngine({ transport, policy })).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: "policy.candidates.maxWait must be no less than debounce, which is 50; it is 20",
      }),
    );
  });
});
