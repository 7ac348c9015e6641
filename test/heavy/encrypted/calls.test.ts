import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { callScenarios } from "../../interop/call-scenarios.ts";
import { clear, connect, eventually, hangUp, type Meeting, ring, soon } from "../../interop/meeting.ts";
import { type EncryptedStage, type Member, openEncryptedStage } from "./cast.ts";

let all: EncryptedStage;
let alice: Member;
let bob: Member;
let sdk: Member;
let careless: Member;

beforeAll(async () => {
  all = await openEncryptedStage(inject("synapseUrl"));
  alice = await all.member("trunkline");
  bob = await all.member("trunkline");
  sdk = await all.member("sdk");
  careless = await all.member("careless");
});

afterAll(async () => {
  await all?.stage.close();
  expect(all.stage.errors).toEqual([]);
});

/** A new encrypted room of two, and a meeting of the two in it. */
async function meet(caller: Member, callee: Member): Promise<Meeting> {
  const roomId = await all.room(caller, callee);
  for (const { peer } of [caller, callee]) await soon("the room is known", peer.enters(roomId));
  return {
    gate: all.stage.gate,
    caller: caller.peer,
    callee: callee.peer,
    roomId,
    callerId: caller.user.userId,
    calleeId: callee.user.userId,
    ours: [caller, callee].filter((member) => member !== sdk).map(({ peer }) => peer),
  };
}

afterEach(async ({ task }) => {
  const stories = await Promise.all([alice, bob, sdk, careless].map(({ peer }) => peer.log()));
  if (task.result?.state === "fail") console.log(stories.map((lines) => lines.join("\n")).join("\n\n"));
});

function scenarios(caller: () => Member, callee: () => Member): void {
  let meeting: Meeting;
  beforeAll(async () => {
    meeting = await meet(caller(), callee());
  });
  afterEach(() => clear(meeting));
  callScenarios(() => meeting);
}

describe("Trunkline calls Trunkline, encrypted", () =>
  scenarios(
    () => alice,
    () => bob,
  ));
describe("Trunkline calls matrix-js-sdk, encrypted", () =>
  scenarios(
    () => alice,
    () => sdk,
  ));
describe("matrix-js-sdk calls Trunkline, encrypted", () =>
  scenarios(
    () => sdk,
    () => alice,
  ));

describe("an app with an encrypted device", () => {
  let meeting: Meeting;
  beforeAll(async () => {
    meeting = await meet(alice, bob);
  });
  afterEach(async () => {
    await all.keys.release();
    await clear(meeting);
  });

  const understand = async (one: Member, other: Member, text: string) => {
    await one.peer.say(meeting.roomId, text);
    await eventually(() => other.peer.reads(meeting.roomId)).toContain(text);
    await eventually(() => one.peer.reads(meeting.roomId)).toContain(text);
  };

  it("goes on getting room keys during and after a call, those of new sessions too", async () => {
    const { roomId } = meeting;
    await understand(alice, bob, "before");
    const id = await connect(meeting, false);
    for (const { peer } of [alice, bob]) await peer.renewSession(roomId);
    await understand(alice, bob, "during, from the caller");
    await understand(bob, alice, "during, from the callee");
    await hangUp(meeting, id);
    for (const { peer } of [alice, bob]) await peer.renewSession(roomId);
    await understand(alice, bob, "after, from the caller");
    await understand(bob, alice, "after, from the callee");
    const newcomer = await all.member("trunkline");
    const room = await meet(newcomer, bob);
    await newcomer.peer.say(room.roomId, "from a new device");
    await eventually(() => bob.peer.reads(room.roomId)).toContain("from a new device");
  });

  it("P9 rings for an invite whose key comes late", async () => {
    const { roomId, calleeId, caller, callee } = meeting;
    await alice.peer.renewSession(roomId);
    all.keys.hold();
    const before = await bob.peer.locked(roomId);
    const id = await caller.place({ roomId, invitee: calleeId, video: false });
    await eventually(() => bob.peer.locked(roomId)).toBeGreaterThan(before);
    expect(await callee.live()).toEqual([]);
    await all.keys.release();
    await soon("the call rings", callee.rings(id));
    await callee.answer(id, { video: false });
    expect(await soon("the call connects", caller.connects(id))).toBe("connected");
    await hangUp(meeting, id);
  });

  it("P9 does not ring for an invite whose key comes with its hangup", async () => {
    const { roomId, calleeId, caller, callee } = meeting;
    await alice.peer.renewSession(roomId);
    all.keys.hold();
    const before = await bob.peer.locked(roomId);
    const sent = async () => (await alice.peer.sent(roomId)).slice(sentBefore);
    const sentBefore = (await alice.peer.sent(roomId)).length;
    const id = await caller.place({ roomId, invitee: calleeId, video: false });
    await eventually(() => bob.peer.locked(roomId)).toBeGreaterThan(before);
    await caller.hangup(id);
    await eventually(async () => (await sent()).at(-1)).toBe("m.call.hangup");
    await eventually(() => bob.peer.locked(roomId)).toBe(before + (await sent()).length);
    await bob.peer.log();
    await all.keys.release();
    const heard = `received m.call.hangup`;
    const story: string[] = [];
    await eventually(async () => {
      story.push(...(await callee.log()));
      return story.some((line) => line.includes(id) && line.includes(heard));
    }).toBe(true);
    expect(story.filter((line) => line.includes("ringing"))).toEqual([]);
  });

  it("P42 drops call events that came in plaintext", async () => {
    const { roomId, calleeId, callee } = meeting;
    const invite = {
      call_id: "plain",
      version: "1",
      party_id: "p",
      lifetime: 60_000,
      invitee: calleeId,
      offer: { type: "offer", sdp: "v=0" },
    };
    await all.sendPlain(alice, roomId, "m.call.invite", invite);
    const story: string[] = [];
    await eventually(async () => {
      story.push(...(await callee.log()));
      return story.some((line) => line.includes("dropped m.call.invite plaintext in an encrypted room"));
    }).toBe(true);
    expect(await callee.live()).toEqual([]);
    await hangUp(meeting, await ring(meeting, false));
  });

  it("leaves nothing of a call among the messages to be sent", async () => {
    const id = await connect(meeting, false);
    for (const { peer } of [alice, bob]) expect(await peer.pending(meeting.roomId)).toEqual([]);
    await hangUp(meeting, id);
  });
});

describe("an app whose client has calls of its own", () => {
  it("is called as another: the client's own call sends nothing", async () => {
    const meeting = await meet(alice, careless);
    const id = await connect(meeting, true);
    await hangUp(meeting, id);
    await hangUp(meeting, await ring(meeting, false));
    const sent = await careless.peer.sent(meeting.roomId);
    expect(sent).toContain("m.call.answer");
    expect(sent.filter((type) => type !== "m.call.answer" && type !== "m.call.candidates")).toEqual([]);
    await clear({ ...meeting, ours: [alice.peer] });
  });
});
