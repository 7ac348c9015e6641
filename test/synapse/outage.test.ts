import { setTimeout as pass } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Pair } from "../e2e/call-scenarios.ts";
import { registeredPair } from "../e2e/pairs.ts";
import { openStage, type Stage } from "../e2e/stage.ts";
import { type Forwarder, forwardTo } from "./forwarder.ts";

const OUTAGE_MS = 45_000;
/** Audio comes in packets of 20 ms; half of them would do. */
const PACKETS = OUTAGE_MS / 40;
/** Time for what was delayed or queued meanwhile to arrive. */
const AFTERMATH_MS = 20_000;

describe("a homeserver on Synapse that nobody can reach for 45 s", () => {
  let stage: Stage;
  let way: Forwarder;
  let pair: Pair;

  beforeAll(async () => {
    stage = await openStage();
    way = await forwardTo(inject("synapseUrl"));
    pair = await registeredPair(stage, way.url);
  });
  afterAll(async () => {
    await stage.close();
    await way.close();
    expect(stage.errors).toEqual([]);
  });

  it("P34 ends nobody's call while media flows, and a hangup after it arrives", async () => {
    const { alice, bob, roomId, bobId } = pair;
    const ours = await alice.place({ roomId, invitee: bobId, audio: true });
    const theirs = await bob.rings();
    await bob.answer(theirs, { audio: true });
    const states = async () => [await alice.state(ours), await bob.state(theirs)];
    await expect.poll(states, { timeout: 20_000 }).toEqual(["connected", "connected"]);
    // Both have asked for their delayed hangup by then.
    await pass(5_000);
    const received = {
      alice: (await alice.receives({ video: false })).audioPackets,
      bob: (await bob.receives({ video: false })).audioPackets,
    };
    way.cut();
    await pass(OUTAGE_MS);
    expect(await states()).toEqual(["connected", "connected"]);
    way.mend();
    await pass(AFTERMATH_MS);
    expect(await states()).toEqual(["connected", "connected"]);
    for (const [phone, before] of [
      [alice, received.alice],
      [bob, received.bob],
    ] as const)
      expect((await phone.receives({ video: false })).audioPackets).toBeGreaterThan(before + PACKETS);
    await alice.mute(ours, { audio: true });
    await bob.remoteMuted(theirs, true);
    await alice.hangup(ours);
    expect(await bob.ends(theirs)).toEqual({ by: "peer", reason: "user_hangup" });
  });
});
