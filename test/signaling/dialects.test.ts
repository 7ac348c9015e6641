/** The events of thirteen releases of other clients (dialects/events.ts), in calls of ours: what the app learns of each. */
import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../../src/streams/contract.ts";
import { callsWorld, said } from "./calls-world.ts";
import {
  CANDIDATES,
  DIALECTS,
  description,
  eventsOf,
  nhekoEvents,
  type RawEvent,
  readStreams,
} from "./dialects/events.ts";
import { alice, answer, bob, ref, unable } from "./support.ts";

const c = { roomId: ref.roomId, callId: "c" };
const fixture = { callId: "c", partyId: bob.partyId, invitee: alice.userId };
const fromBob = (event: RawEvent): RoomEvent => said(bob, event);
const releases = DIALECTS.flatMap((dialect) => dialect.releases.map((release) => ({ ...dialect, release })));

/** Our call, which Bob answers with this event, and what has happened in it since. */
async function answeredBy(event: RawEvent) {
  const world = callsWorld();
  await world.place("c");
  world.read([fromBob(event)]);
  return { world, since: (count: number) => world.news(c).slice(count) };
}

/** A call of Bob's by this event, answered by us. */
async function answeredByUs(event: RawEvent) {
  const world = callsWorld();
  world.read([fromBob(event)]);
  const [incoming] = world.news(c);
  await world.calls.dispatch({ ...c, type: "answer", ...answer });
  return { world, incoming };
}

const negotiating = releases.filter(({ version }) => version !== 0);

describe.each(releases)("matrix-js-sdk $release", (dialect) => {
  const events = eventsOf(dialect, fixture);
  const peer = { userId: bob.userId, ...(dialect.version !== 0 && { partyId: bob.partyId }) };
  const streams = (videoMuted: boolean) => dialect.metadata && { streams: readStreams(false, videoMuted) };
  /** A peer shows that it negotiates by metadata, or later by doing so. */
  const shown = { version: dialect.version === 0 ? 0 : 1, negotiable: dialect.metadata };
  const negotiates = dialect.version !== 0;

  it.each([true, false])("P2 P25 P26 P31 answers a call of ours, with video: %s", async (video) => {
    const { world } = await answeredBy(events.answer(video));
    expect(world.news(c)).toEqual([
      { ...c, type: "invited" },
      {
        ...c,
        type: "answered",
        peer,
        capabilities: unable,
        description: description("answer", 2),
        ...shown,
        ...streams(!video),
      },
    ]);
    expect(world.types()).toEqual(["invite", ...(dialect.version === 0 ? [] : ["select_answer"])]);
  });

  it.each([true, false])("P2 P7 P25 calls us, with video: %s", async (video) => {
    const { world, incoming } = await answeredByUs(events.invite(video));
    expect(incoming).toEqual({
      ...c,
      type: "incoming",
      peer,
      remaining: 60_000,
      capabilities: unable,
      description: description("offer", 1),
      ...shown,
      ...streams(!video),
    });
    world.read([fromBob(events.candidates())]);
    if (negotiates) world.read([fromBob(events.selectAnswer(world.party("c").partyId))]);
    expect(world.news(c).slice(1)).toEqual([{ ...c, type: "candidates", candidates: CANDIDATES }]);
    expect(world.dropped(c)).toEqual([]);
  });

  it("P22 sends candidates", async () => {
    const { world, since } = await answeredBy(events.answer(true));
    world.read([fromBob(events.candidates())]);
    expect(since(2)).toEqual([{ ...c, type: "candidates", candidates: CANDIDATES }]);
  });

  it.each([undefined, "user_hangup"])("P17 hangs up, with the reason %s", async (reason) => {
    const { world, since } = await answeredBy(events.answer(true));
    world.read([fromBob(events.hangup(reason))]);
    expect(since(2)).toMatchObject([{ type: "ended", end: { by: "peer", reason: "user_hangup" } }]);
  });

  it("P16 rejects, as its version does", async () => {
    const world = callsWorld();
    await world.place("c");
    world.read([fromBob(negotiates ? events.reject() : events.hangup())]);
    expect(world.news(c).slice(1)).toMatchObject([{ type: "ended", end: { by: "peer" } }]);
  });

  it("P16 is rejected as its version knows", async () => {
    const world = callsWorld();
    world.read([fromBob(events.invite(true))]);
    await world.calls.dispatch({ ...c, type: "reject" });
    expect(world.types()).toEqual([negotiates ? "reject" : "hangup"]);
  });
});

describe("nheko 0.11", () => {
  const events = nhekoEvents(fixture);

  it.each(["voice answer", "video answer without a camera"] as const)(
    "P26 P31 gives a %s, which names no streams",
    async (kind) => {
      const { world, since } = await answeredBy(events[kind]);
      expect(since(1)).toEqual([
        {
          ...c,
          type: "answered",
          peer: bob,
          capabilities: unable,
          description: events[kind].content.answer,
          version: 1,
          negotiable: false,
        },
      ]);
      expect(world.types()).toEqual(["invite", "select_answer"]);
    },
  );

  it.each(["voice invite", "screen invite"] as const)(
    "P7 sends a %s, which rings for two minutes",
    async (kind) => {
      const { world, incoming } = await answeredByUs(events[kind]);
      expect(incoming).toEqual({
        ...c,
        type: "incoming",
        peer: bob,
        remaining: 120_000,
        capabilities: unable,
        description: events[kind].content.offer,
        version: 1,
        negotiable: false,
      });
      const selected = { selected_party_id: world.party("c").partyId };
      world.read([
        said(bob, {
          type: "m.call.select_answer",
          content: { ...events.select_answer.content, ...selected },
        }),
      ]);
      world.read([fromBob(events.hangup)]);
      expect(world.news(c).slice(1)).toMatchObject([
        { type: "ended", end: { by: "peer", reason: "user_hangup" } },
      ]);
      expect(world.dropped(c)).toEqual([]);
    },
  );

  it("P22 sends all candidates in one event, of a media line without a name", async () => {
    const { world, since } = await answeredBy(events["voice answer"]);
    world.read([fromBob(events.candidates)]);
    const sent = events.candidates.content.candidates as readonly { readonly candidate: string }[];
    expect(since(2)).toEqual([
      {
        ...c,
        type: "candidates",
        candidates: sent.map(({ candidate }) => ({ candidate, sdpMLineIndex: 0 })),
      },
    ]);
  });

  it("P16 rejects", async () => {
    const world = callsWorld();
    await world.place("c");
    world.read([fromBob(events.reject)]);
    expect(world.news(c).slice(1)).toMatchObject([{ type: "ended", end: { by: "peer" } }]);
  });

  it("P40 crosses our call with an invite of the same id: ours goes on", async () => {
    const world = callsWorld();
    await world.place("c");
    world.read([fromBob(events["voice invite"])]);
    world.read([fromBob(events["voice answer"])]);
    expect(world.news(c).map(({ type }) => type)).toEqual(["invited", "answered"]);
    expect(world.dropped(c)).toEqual(["m.call.invite"]);
  });

  it("P15 selects another device's answer", async () => {
    const { world } = await answeredByUs(events["voice invite"]);
    world.read([fromBob(events.select_answer)]);
    expect(world.news(c).slice(1)).toMatchObject([{ type: "ended", end: { reason: "answered_elsewhere" } }]);
  });

  it("P4 has one party for all its calls: each has its own end", async () => {
    const world = callsWorld();
    const other = nhekoEvents({ ...fixture, callId: "d" });
    await world.place("c");
    world.read([fromBob(events["voice answer"]), fromBob(events.hangup), fromBob(other["voice invite"])]);
    expect(world.news(c).at(-1)).toMatchObject({ type: "ended" });
    expect(world.news({ callId: "d" })).toMatchObject([{ type: "incoming", peer: bob }]);
  });
});

describe.each(negotiating)("matrix-js-sdk $release, while the call goes on", (dialect) => {
  const events = eventsOf(dialect, fixture);

  it("P19 P25 negotiates, its answers without a lifetime", async () => {
    const { world, since } = await answeredBy(events.answer(true));
    world.read([events.offer(), events.negotiatedAnswer()].map(fromBob));
    const streams = dialect.metadata && { streams: readStreams(false, false) };
    expect(since(2)).toMatchObject([
      { type: "negotiate", description: description("offer", 3), ...streams },
      { type: "negotiate", description: description("answer", 4), ...streams },
    ]);
    expect(world.dropped(c)).toEqual([]);
  });
});

describe.each(releases.filter(({ metadata }) => metadata))(
  "matrix-js-sdk $release, with metadata",
  (dialect) => {
    it("P25 P28 changes its streams", async () => {
      const events = eventsOf(dialect, fixture);
      const { world, since } = await answeredBy(events.answer(true));
      world.read([fromBob(events.streamsChanged())]);
      expect(since(2)).toEqual([{ ...c, type: "streams", streams: readStreams(true, true) }]);
    });
  },
);
