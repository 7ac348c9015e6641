/** What becomes of calls when a phone's worker dies, at each point of a call's life. */
import { expect } from "vitest";
import type { Homeserver } from "../../../src/testing/homeserver/index.ts";
import { directRoom } from "../../e2e/rooms.ts";
import type { RemotePhone, Stage } from "../../e2e/stage.ts";

export interface LivePair {
  readonly alice: RemotePhone;
  readonly bob: RemotePhone;
  readonly roomId: string;
  /** The call events in the room so far but for candidates, and whose they are, in order. */
  events(): Promise<readonly string[]>;
}

/** Two phones in a room of their own, logged in as somebody new. */
export async function livePair(stage: Stage, homeserver: Homeserver): Promise<LivePair> {
  const [alice, bob] = ["alice", "bob"].map((name) =>
    homeserver.createUser(`${name}-${crypto.randomUUID()}`),
  ) as [ReturnType<Homeserver["createUser"]>, ReturnType<Homeserver["createUser"]>];
  const roomId = await directRoom(stage.url, alice, bob);
  const messages = `${stage.url}/_matrix/client/v3/sync`;
  return {
    alice: await stage.phone({ accessToken: alice.accessToken }),
    bob: await stage.phone({ accessToken: bob.accessToken }),
    roomId,
    async events() {
      const response = await fetch(messages, { headers: { authorization: `Bearer ${alice.accessToken}` } });
      const { rooms } = (await response.json()) as {
        rooms: { join: Record<string, { timeline: { events: { type: string; sender: string }[] } }> };
      };
      return (rooms.join[roomId]?.timeline.events ?? [])
        .filter(({ type }) => type.startsWith("m.call.") && type !== "m.call.candidates")
        .map(({ type, sender }) => `${sender === alice.userId ? "alice" : "bob"} ${type}`);
    },
  };
}

const voice = { audio: true };
const WHOLE = [
  "alice m.call.invite",
  "bob m.call.answer",
  "alice m.call.select_answer",
  "alice m.call.hangup",
];

/** The call connects, a hangup reaches the peer, and no event is in the room twice. */
async function goesOn({ alice, bob, events }: LivePair, ours: string, theirs: string): Promise<void> {
  const states = await Promise.all([alice.reaches(ours, "connected"), bob.reaches(theirs, "connected")]);
  expect(states, JSON.stringify(await bob.story(theirs))).toEqual(["connected", "connected"]);
  await Promise.all([alice.receives({ video: false }), bob.receives({ video: false })]);
  await alice.hangup(ours);
  expect(await bob.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  expect(await events()).toEqual(WHOLE);
}

async function ring({ alice, bob, roomId }: LivePair): Promise<readonly [ours: string, theirs: string]> {
  const ours = await alice.place({ roomId, ...voice });
  return [ours, await bob.rings()];
}

export async function diesBefore(pair: LivePair): Promise<void> {
  await Promise.all([pair.alice.loseWorker(), pair.bob.loseWorker()]);
  const [ours, theirs] = await ring(pair);
  await pair.bob.answer(theirs, voice);
  await goesOn(pair, ours, theirs);
}

export async function diesWhileItRingsHere(pair: LivePair): Promise<void> {
  const [ours, theirs] = await ring(pair);
  await pair.bob.loseWorker();
  await pair.bob.answer(theirs, voice);
  await goesOn(pair, ours, theirs);
}

export async function diesWhileItRingsThere(pair: LivePair): Promise<void> {
  const [ours, theirs] = await ring(pair);
  await pair.alice.loseWorker();
  await pair.bob.answer(theirs, voice);
  await goesOn(pair, ours, theirs);
}

/** Nobody knows whether the answer had left. */
export async function diesAsItIsAnswered(pair: LivePair): Promise<void> {
  const [ours, theirs] = await ring(pair);
  await Promise.all([pair.bob.answer(theirs, voice), pair.bob.loseWorker()]);
  await goesOn(pair, ours, theirs);
}

export async function diesOnceItIsAnswered(pair: LivePair): Promise<void> {
  const [ours, theirs] = await ring(pair);
  await pair.bob.answer(theirs, voice);
  await pair.bob.tells(theirs, "answer_acknowledged");
  await Promise.all([pair.alice.loseWorker(), pair.bob.loseWorker()]);
  await goesOn(pair, ours, theirs);
}

export async function diesInTheCall(pair: LivePair): Promise<void> {
  const [ours, theirs] = await ring(pair);
  await pair.bob.answer(theirs, voice);
  await Promise.all([pair.alice.reaches(ours, "connected"), pair.bob.reaches(theirs, "connected")]);
  await Promise.all([pair.alice.loseWorker(), pair.bob.loseWorker()]);
  await goesOn(pair, ours, theirs);
}
