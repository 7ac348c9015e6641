import { merge, Subject } from "rxjs";
import { expect, it } from "vitest";
import type { Signal } from "../../src/streams/contract.ts";
import { collect, phonesOn, roomId } from "./world.ts";

it("a phone ignores signals that it does not know, of calls that it has and of others", async () => {
  const newer = new Subject<Signal>();
  const world = await phonesOn(
    (signaling, name) =>
      name === "bob" ? { ...signaling, signals$: merge(signaling.signals$, newer) } : signaling,
    "alice",
    "bob",
  );
  const rings = collect(world.bob.phone.incoming$);
  const outgoing = world.alice.phone.place({ roomId, invitee: "@bob:test", audio: true });
  await world.clock.advance(1_000);
  for (const callId of [outgoing.callId, "other"])
    newer.next({ roomId, callId, type: "made_up", more: {} } as unknown as Signal);
  const states = [outgoing, ...rings].map(({ state$ }) => collect(state$));
  expect(states).toEqual([["ringing"], ["ringing"]]);
  rings[0]?.answer({ audio: true });
  await world.clock.advance(2_000);
  expect(states.map((each) => each.at(-1))).toEqual(["connected", "connected"]);
});
