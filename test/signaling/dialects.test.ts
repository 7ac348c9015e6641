/**
 * What thirteen releases of other clients sent, raw, one event of each kind; descriptions and lists of candidates are cut
 * short, for the engine does not read them.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode, headOf } from "../../src/signaling/events.ts";
import type { RoomEvent } from "../../src/streams/contract.ts";
import { callsWorld, said } from "./calls-world.ts";
import { alice, answer, bob, ref } from "./support.ts";

interface Recorded {
  readonly client: string;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const recorded: readonly Recorded[] = readFileSync(new URL("data/dialects.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const clients = [...new Set(recorded.map(({ client }) => client))];
const sdpOf = (content: Recorded["content"]) =>
  (content.offer ?? content.answer ?? content.description) as { readonly type: string } | undefined;

/** The events of a client of one kind, as Bob sends them in the call `c`. */
const by = (client: string, type: string, description?: string): RoomEvent[] =>
  recorded
    .filter((each) => each.client === client && each.type === type)
    .filter(({ content }) => !description || sdpOf(content)?.type === description)
    .map(({ content }) =>
      said(bob, {
        type,
        content: {
          ...content,
          call_id: "c",
          ...(content.party_id !== undefined && { party_id: bob.partyId }),
          ...(content.invitee !== undefined && { invitee: alice.userId }),
        },
      }),
    );

/** What the first description of a client shows: before release 12 they knew neither streams nor capabilities. */
const shownBy = (client: string) => {
  const release = client.startsWith("web-") ? Number(client.slice(4).split(".")[0]) : 11;
  return { version: release < 9 ? 0 : 1, negotiable: release >= 12 };
};

describe("events of other clients", () => {
  it.each(recorded.map((each): [string, string, Recorded] => [each.client, each.type, each]))(
    "P2 P19 are all read: %s, %s",
    (_client, type, { content }) => {
      const event = {
        roomId: ref.roomId,
        eventId: "$e",
        sender: bob.userId,
        type,
        content,
        encrypted: false,
      };
      const head = headOf(event);
      expect(head).toMatchObject({ callId: content.call_id, version: content.version === 0 ? 0 : 1 });
      const read = head && decode(event, head);
      expect(read).toBeDefined();
      if (read?.type === "candidates")
        expect(read.candidates).toHaveLength((content.candidates as []).length);
    },
  );

  it.each(clients)("P19 P25 take a call of ours from its answer to its end: %s", async (client) => {
    const world = callsWorld();
    const call = await world.place("c");
    const [answered] = by(client, "m.call.answer");
    const negotiations = by(client, "m.call.negotiate");
    const changes = by(client, "org.matrix.call.sdp_stream_metadata_changed");
    const candidates = by(client, "m.call.candidates");
    world.read([answered as RoomEvent, ...candidates, ...negotiations, ...changes]);
    world.read(by(client, "m.call.hangup").slice(0, 1));
    const types = world.news(call).map(({ type }) => type);
    expect(types).toEqual([
      "invited",
      "answered",
      ...candidates.map(() => "candidates"),
      ...negotiations.map(() => "negotiate"),
      ...changes.map(() => "streams"),
      "ended",
    ]);
    expect(world.dropped(call)).toEqual([]);
    expect(world.news(call)[1]).toMatchObject(shownBy(client));
  });

  it.each(clients)("P9 P16 ring, and are answered or rejected: %s", async (client) => {
    const [invite] = by(client, "m.call.invite");
    for (const command of [{ type: "answer", ...answer }, { type: "reject" }] as const) {
      const world = callsWorld();
      world.read([invite as RoomEvent]);
      expect(world.news({ callId: "c" })).toMatchObject([
        { type: "incoming", description: sdpOf(contentOf(invite)), ...shownBy(client) },
      ]);
      await world.calls.dispatch({ roomId: ref.roomId, callId: "c", ...command });
      const negotiations = by(client, "m.call.negotiate", "answer");
      world.read(negotiations);
      if (command.type === "answer")
        expect(world.news({ callId: "c" }).slice(1)).toHaveLength(negotiations.length);
    }
  });
});

const contentOf = (event: RoomEvent | undefined) => event?.content as Recorded["content"];
