import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { callScenarios, type Pair } from "./call-scenarios.ts";
import { inCallScenarios } from "./in-call-scenarios.ts";
import { embeddedPair } from "./pairs.ts";
import { openStage, type Stage } from "./stage.ts";

const homeserver = createHomeserver();
let stage: Stage;

beforeAll(async () => {
  stage = await openStage((request) => homeserver.fetch(request));
});

afterAll(async () => {
  await stage.close();
  homeserver.close();
  expect(stage.errors).toEqual([]);
});

describe("on the embedded homeserver", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await embeddedPair(stage, homeserver);
  });
  callScenarios(() => pair);
  inCallScenarios(() => pair);

  it("expires an invite and records a hangup on time while the main thread is blocked for seconds", async () => {
    const { alice, bob, roomId } = pair;
    const ours = await alice.place({ roomId, audio: true, lifetime: 4_000 });
    const theirs = await bob.rings();
    const blocked = alice.block(6_000, 3_000);
    await alice.ends(ours);
    await blocked;
    const story = await alice.story(ours);
    const at = (wanted: string) =>
      story.find(
        (entry) =>
          (entry.kind === "milestone" ? entry.name : `${entry.direction} ${entry.eventType}`) === wanted,
      )?.at ?? Number.NaN;
    const late = at("ended") - at("sent m.call.invite") - 4_000;
    expect(late).toBeGreaterThan(-50);
    expect(late).toBeLessThan(500);
    expect(Math.abs(at("sent m.call.hangup") - at("ended"))).toBeLessThan(500);
    expect(await bob.ends(theirs)).toMatchObject({ reason: "invite_timeout" });
  });

  it("records the peer's hangup on time while the main thread is blocked for seconds", async () => {
    const { alice, bob, roomId } = pair;
    const ours = await alice.place({ roomId, audio: true });
    const theirs = await bob.rings();
    const blocked = bob.block(3_000, 3_000);
    await alice.hangup(ours);
    await bob.ends(theirs);
    await blocked;
    const sent = (await alice.story(ours)).find(
      (entry) => entry.kind === "message" && entry.eventType === "m.call.hangup",
    );
    const heard = (await bob.story(theirs)).find(
      (entry) => entry.kind === "message" && entry.eventType === "m.call.hangup",
    );
    expect((heard?.at ?? Number.NaN) - (sent?.at ?? Number.NaN)).toBeLessThan(500);
  });
});
