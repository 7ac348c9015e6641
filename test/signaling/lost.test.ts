import { firstValueFrom } from "rxjs";
import { describe, expect, it } from "vitest";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { RoomEvent } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { Tab } from "./lost-world.ts";
import { answer, candidate, offer, ref } from "./support.ts";

const ALICE = { userId: "@alice:test", deviceId: "A" };
const BOB = { userId: "@bob:test", deviceId: "B" };
const end = { candidate: "", sdpMid: "0", sdpMLineIndex: 0 };
const local = [candidate("one"), candidate("two"), end];

interface Scene {
  readonly alice: Tab;
  readonly bob: Tab;
  /** Lets time pass until `happens`; fails where it never does. */
  until(what: string, happens: () => boolean): Promise<void>;
}

type Play = (scene: Scene) => Promise<void>;

const inviteBy = async ({ alice, bob, until }: Scene) => {
  const said = [
    alice.say({ ...ref, type: "place", invitee: BOB.userId }),
    alice.say({ ...ref, type: "invite", ...offer }),
  ];
  await until("ringing", () => bob.count("incoming") > 0);
  await until("the invite's arrival", settled(said));
};

const talk = async (scene: Scene) => {
  await inviteBy(scene);
  const { alice, bob, until } = scene;
  const said = [bob.say({ ...ref, type: "answer", ...answer })];
  await until("an answer", () => alice.count("answered") > 0);
  for (const tab of [alice, bob]) {
    for (const each of local) said.push(tab.say({ ...ref, type: "candidate", candidate: each }));
  }
  await until("candidates", () =>
    [alice, bob].every((tab) =>
      tab.signals.some((signal) => signal.type === "candidates" && signal.candidates.some(isEnd)),
    ),
  );
  await until("all that was said", settled(said));
};

const plays: Record<string, readonly [Play, object]> = {
  "the caller hangs up": [
    async (scene) => {
      await talk(scene);
      const said = [scene.alice.say({ ...ref, type: "hangup", reason: "user_hangup" })];
      await scene.until("the end", () => scene.bob.count("ended") > 0);
      await scene.until("the hangup's arrival", settled(said));
    },
    { invite: 1, answer: 1, select_answer: 1, hangup: 1 },
  ],
  "the callee hangs up": [
    async (scene) => {
      await talk(scene);
      const said = [scene.bob.say({ ...ref, type: "hangup", reason: "user_hangup" })];
      await scene.until("the end", () => scene.alice.count("ended") > 0);
      await scene.until("the hangup's arrival", settled(said));
    },
    { invite: 1, answer: 1, select_answer: 1, hangup: 1 },
  ],
  "the callee rejects": [
    async (scene) => {
      await inviteBy(scene);
      const said = [scene.bob.say({ ...ref, type: "reject" })];
      await scene.until("the end", () => scene.alice.count("ended") > 0);
      await scene.until("the reject's arrival", settled(said));
    },
    { invite: 1, reject: 1, select_answer: 1 },
  ],
  "nobody answers": [
    async (scene) => {
      await inviteBy(scene);
      await scene.until("the end", () => scene.alice.count("ended") > 0 && scene.bob.count("ended") > 0);
    },
    { invite: 1, hangup: 1 },
  ],
};

/** Plays once, with the engines lost at these moments; tells how many moments there were. */
async function play([act, events]: readonly [Play, object], lostAt: { alice: number; bob: number }) {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock, latency: 10 });
  for (const { userId } of [ALICE, BOB]) rooms.join(ref.roomId, userId);
  let seed = 1;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const alice = new Tab({ rooms, clock, random, identity: ALICE, lostAt: lostAt.alice });
  const bob = new Tab({ rooms, clock, random, identity: BOB, lostAt: lostAt.bob });
  const until = async (what: string, happens: () => boolean) => {
    for (let steps = 0; !happens(); steps += 1) {
      if (steps > 300) throw new Error(`${what} never came: ${JSON.stringify([alice.faults, bob.faults])}`);
      await clock.advance(steps < 100 ? 10 : 1_000);
    }
  };
  await until("the start", () => alice.status === "online" && bob.status === "online");
  await act({ alice, bob, until });
  const { moments: a } = alice;
  const { moments: b } = bob;
  await clock.advance(45_000); // and no dead man says anything more

  for (const tab of [alice, bob]) {
    expect(tab.faults).toEqual([]);
    expect(tab.count("incoming") + tab.count("invited")).toBe(1);
    expect(tab.count("ended")).toBe(1);
    expect(tab.remembered.calls).toEqual([]);
  }
  const told = await firstOf(rooms.connect({ ...ALICE, deviceId: "reader" }), clock);
  const once: Record<string, number> = {};
  for (const type of told.map((event) => event.type.replace("m.call.", ""))) {
    if (type !== "candidates") once[type] = (once[type] ?? 0) + 1;
  }
  expect(once).toEqual(events);
  await Promise.all([alice.close(), bob.close(), clock.advance(2_000)]);
  expect(clock.pending).toBe(0);
  return { alice: a, bob: b };
}

describe.each(Object.entries(plays))("where %s, and an engine is lost", (_what, script) => {
  it("P30 every event is in the room once, and everything is told once", async () => {
    const moments = await play(script, { alice: 0, bob: 0 });
    for (const who of ["alice", "bob"] as const) {
      for (let at = 1; at <= moments[who]; at += 1) {
        try {
          await play(script, { alice: 0, bob: 0, [who]: at });
        } catch (cause) {
          throw new Error(`${who}'s engine, lost at moment ${at}`, { cause });
        }
      }
    }
  }, 120_000);
});

/** Whether all of these have been carried out. */
function settled(said: readonly Promise<void>[]): () => boolean {
  let open = said.length;
  for (const each of said) void each.then(() => (open -= 1));
  return () => open === 0;
}

const isEnd = ({ candidate: text }: { readonly candidate: string }) => text === "";

/** The calls' events of a room's whole past. */
async function firstOf(
  line: ReturnType<ReturnType<typeof createMemoryRooms>["connect"]>,
  clock: ReturnType<typeof virtualClock>,
): Promise<RoomEvent[]> {
  const first = firstValueFrom(line.batches$);
  await clock.advance(100);
  return (await first).events.filter(({ type }) => type.startsWith("m.call."));
}
