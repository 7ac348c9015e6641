import { describe, expect, it } from "vitest";
import { clear, connect, eventually, hangUp, shows, soon } from "../../interop/meeting.ts";
import type { Member } from "./cast.ts";
import { deviceOf, type Make, workerStage } from "./worker-stage.ts";

const TIMES = 10;

const scene = workerStage();
const members = new Map<string, Member>();

/** One for all tests: `name` tells two of a make apart. */
async function member(make: Make, name = ""): Promise<Member> {
  const key = make + name;
  const known = members.get(key) ?? (await scene.member(make));
  members.set(key, known);
  return known;
}

const isCall = (type: string) => type.includes(".call.");

describe("the worker with an encrypted device of its own", () => {
  it.each<[string, Make, Make]>([
    ["calls its like", "worker", "worker"],
    ["calls matrix-js-sdk", "worker", "sdk"],
    ["is called by matrix-js-sdk", "sdk", "worker"],
    ["calls a phone over an app's client", "worker", "trunkline"],
    ["is called by a phone over an app's client", "trunkline", "worker"],
  ])(`%s, ${TIMES} times in a row, and nothing of it is readable`, async (_what, from, to) => {
    const caller = await member(from);
    const meeting = await scene.meet(caller, await member(to, from === to ? " 2" : ""));
    for (let time = 0; time < TIMES; time += 1) await hangUp(meeting, await connect(meeting, false));
    const stored = await scene.all.stored(caller, meeting.roomId);
    expect(stored.filter(isCall)).toEqual([]);
    // At least an invite, an answer and a hangup each.
    expect(stored.filter((type) => type === "m.room.encrypted").length).toBeGreaterThanOrEqual(3 * TIMES);
    await clear({ ...meeting, ours: [meeting.caller, meeting.callee].filter((peer) => !isSdk(peer)) });
  });

  it("P42 goes on in a room that becomes encrypted during a call, and nothing is readable from then on", async () => {
    const [caller, callee] = [await member("worker"), await member("worker", " 2")];
    const meeting = await scene.meet(caller, callee, "plain");
    const id = await connect(meeting, true);
    expect((await scene.all.stored(caller, meeting.roomId)).filter(isCall)).not.toEqual([]);
    await scene.all.encrypt(caller, meeting.roomId);
    const stored = () => scene.all.stored(caller, meeting.roomId);
    await eventually(async () => {
      for (const video of [true, false]) await meeting.caller.mute(id, { video });
      return (await stored())[0];
    }).toBe("m.room.encrypted");
    await meeting.caller.mute(id, { audio: true });
    await shows(meeting.callee, id, "m.usermedia", { audioMuted: true });
    // Now both have read that it is encrypted.
    const before = (await stored()).length;
    await meeting.callee.mute(id, { video: true });
    await shows(meeting.caller, id, "m.usermedia", { videoMuted: true });
    await hangUp(meeting, id);
    const since = (await stored()).slice(0, -before);
    expect(since.length).toBeGreaterThanOrEqual(2);
    expect(new Set(since)).toEqual(new Set(["m.room.encrypted"]));
  });

  it("P34 hangs up an encrypted call for a tab that is closed", async () => {
    const [caller, callee] = [await scene.member("worker"), await member("worker", " 2")];
    const meeting = await scene.meet(caller, callee);
    const id = await connect(meeting, false);
    await scene.all.stage.leave(meeting.caller);
    expect(await soon("the callee's call ends", meeting.callee.ends(id))).toEqual({
      by: "peer",
      reason: "user_hangup",
    });
    expect((await scene.all.stored(callee, meeting.roomId)).filter(isCall)).toEqual([]);
  });

  it("P34 has an encrypted hangup wait at the homeserver during a call", async () => {
    const [caller, callee] = [await member("worker"), await member("worker", " 2")];
    const meeting = await scene.meet(caller, callee);
    const id = await connect(meeting, false);
    const waiting = async () =>
      (await scene.all.delayed(caller)).filter(({ roomId }) => roomId === meeting.roomId);
    await eventually(async () => (await waiting()).map(({ type }) => type)).toEqual(["m.room.encrypted"]);
    await hangUp(meeting, id);
    await eventually(waiting).toEqual([]);
  });

  it("goes on with its calls and its keys where the worker dies", async () => {
    const [caller, callee] = [await member("worker"), await member("worker", " 2")];
    const meeting = await scene.meet(caller, callee);
    const id = await connect(meeting, true);
    await deviceOf(caller).crash();
    await eventually(() => deviceOf(caller).state()).toContain("reconnecting");
    await eventually(() => deviceOf(caller).state()).toBe("online");
    await meeting.callee.mute(id, { video: true });
    await shows(meeting.caller, id, "m.usermedia", { videoMuted: true });
    await meeting.caller.mute(id, { audio: true });
    await shows(meeting.callee, id, "m.usermedia", { audioMuted: true });
    expect(await meeting.caller.live()).toEqual([id]);
    await hangUp(meeting, id);
  });
});

/** Those of matrix-js-sdk leave connections open for a while. */
const isSdk = (peer: unknown) => peer === members.get("sdk")?.peer;
