import type { MilestoneName, TraceEntry } from "../src/streams/contract.ts";
import type { Pair } from "../test/e2e/call-scenarios.ts";

/** What one call took, in ms, and how many events it put in the room. */
export interface CallTimes {
  /** The caller places it, the callee rings. */
  readonly ring: number;
  /** The callee accepts, both are connected. */
  readonly pickUp: number;
  /** The callee accepts, both have media coming in. */
  readonly firstMedia: number;
  readonly events: number;
}

const capture = { audio: true, video: true };

/** Places, answers and ends one video call. Throws where it does not come to be. */
export async function timeCall({ alice, bob, roomId }: Pair): Promise<CallTimes> {
  const ours = await alice.place({ roomId, ...capture });
  const theirs = await bob.rings();
  await bob.answer(theirs, capture);
  for (const state of [await alice.reaches(ours, "connected"), await bob.reaches(theirs, "connected")]) {
    if (state !== "connected") throw new Error(`the call ended: ${JSON.stringify(await alice.ends(ours))}`);
  }
  await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
  await alice.hangup(ours);
  await Promise.all([alice.ends(ours), bob.ends(theirs)]);
  return read(await alice.story(ours), await bob.story(theirs));
}

/** Both stories stand on one time base. */
export function read(caller: readonly TraceEntry[], callee: readonly TraceEntry[]): CallTimes {
  const accepted = at(callee, "accept");
  const sent = [...caller, ...callee].filter(
    (entry) => entry.kind === "message" && entry.direction === "sent",
  );
  return {
    ring: at(callee, "ringing") - at(caller, "place"),
    pickUp: Math.max(at(caller, "connected"), at(callee, "connected")) - accepted,
    firstMedia: Math.max(at(caller, "first_media"), at(callee, "first_media")) - accepted,
    events: sent.length,
  };
}

function at(story: readonly TraceEntry[], name: MilestoneName): number {
  const entry = story.find((each) => each.kind === "milestone" && each.name === name);
  if (!entry) throw new Error(`the call never came to "${name}"`);
  return entry.at;
}
