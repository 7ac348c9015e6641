/** A stage for members with encrypted devices, and their meetings. */
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import type { Meeting } from "../../interop/meeting.ts";
import { soon } from "../../interop/meeting.ts";
import { type EncryptedStage, type Member, openEncryptedStage } from "./cast.ts";
import type { DevicePeer } from "./worker-page.ts";

export type Make = Parameters<EncryptedStage["member"]>[0];

export interface WorkerStage {
  readonly all: EncryptedStage;
  member(...who: Parameters<EncryptedStage["member"]>): Promise<Member>;
  /** A new room of two, encrypted unless it is to be `plain` at first, and a meeting of the two in it. */
  meet(caller: Member, callee: Member, plain?: "plain"): Promise<Meeting>;
}

export const deviceOf = ({ peer }: Member) =>
  peer as unknown as {
    readonly [F in keyof DevicePeer]: (
      ...args: Parameters<DevicePeer[F]>
    ) => Promise<Awaited<ReturnType<DevicePeer[F]>>>;
  };

/** Opened before the tests of a file, closed after them; shows what happened where one fails. */
export function workerStage(): WorkerStage {
  let all: EncryptedStage;
  const members: Member[] = [];

  beforeAll(async () => {
    all = await openEncryptedStage(inject("synapseUrl"));
  });
  afterAll(async () => {
    await all?.stage.close();
    expect(all.stage.errors).toEqual([]);
  });
  afterEach(async ({ task }) => {
    const traces = await Promise.all(members.map(({ peer }) => peer.log().catch(() => ["closed"])));
    if (task.result?.state === "fail") console.log(traces.map((lines) => lines.join("\n")).join("\n\n"));
  });

  return {
    get all() {
      return all;
    },
    async member(...who) {
      const made = await all.member(...who);
      members.push(made);
      return made;
    },
    async meet(caller, callee, plain) {
      const roomId = await all.room(caller, callee, plain);
      if (!plain) {
        for (const { peer } of [caller, callee]) await soon("the room is known", peer.enters(roomId));
      }
      return {
        gate: all.stage.gate,
        caller: caller.peer,
        callee: callee.peer,
        roomId,
        callerId: caller.user.userId,
        calleeId: callee.user.userId,
        ours: [],
      };
    },
  };
}
