import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { clear, connect, hangUp, type Meeting } from "../../interop/meeting.ts";
import { type EncryptedStage, type Member, openEncryptedStage } from "./cast.ts";

let all: EncryptedStage;
const members: Member[] = [];

beforeAll(async () => {
  all = await openEncryptedStage(inject("synapseUrl"));
});

afterAll(async () => {
  await all?.stage.close();
  expect(all.stage.errors).toEqual([]);
});

async function member(make: Parameters<EncryptedStage["member"]>[0]): Promise<Member> {
  const made = await all.member(make);
  members.push(made);
  return made;
}

afterEach(async ({ task }) => {
  const traces = await Promise.all(members.map(({ peer }) => peer.log()));
  if (task.result?.state === "fail") console.log(traces.map((lines) => lines.join("\n")).join("\n\n"));
});

/** A new encrypted room of two, and a meeting of the two in it. */
async function meet(caller: Member, callee: Member): Promise<Meeting> {
  const roomId = await all.room(caller, callee);
  return {
    gate: all.stage.gate,
    caller: caller.peer,
    callee: callee.peer,
    roomId,
    callerId: caller.user.userId,
    calleeId: callee.user.userId,
    ours: [caller, callee].map(({ peer }) => peer),
  };
}

describe("the worker with an encrypted device of its own", () => {
  it("calls another", async () => {
    const meeting = await meet(await member("worker"), await member("worker"));
    await hangUp(meeting, await connect(meeting, true));
    await clear(meeting);
  });
});
