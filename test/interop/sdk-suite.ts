/** Trunkline and matrix-js-sdk, both ways, on one homeserver. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { createUser, roomOf, type User } from "./accounts.ts";
import { callScenarios } from "./call-scenarios.ts";
import { type DevicesMeeting, devicesScenarios } from "./devices-scenarios.ts";
import type { Gate } from "./gate.ts";
import { glareScenarios, preparingScenario } from "./glare-scenarios.ts";
import { inCallScenarios } from "./in-call-scenarios.ts";
import { clear, type Meeting } from "./meeting.ts";
import { noMetadataScenarios } from "./no-metadata-scenarios.ts";
import type { LeftOut } from "./older/versions.ts";
import type { Peer } from "./peer.ts";
import type { Stage } from "./stage.ts";

interface Cast {
  readonly gate: Gate;
  readonly ours: Peer;
  readonly theirs: Peer;
  readonly users: { readonly ours: User; readonly theirs: User; readonly both: User };
  readonly both: { readonly ours: Peer; readonly theirs: Peer };
  readonly rooms: { readonly pair: string; readonly ours: string; readonly theirs: string };
}

/** One user with a phone of ours, one with a phone of theirs, and one with both. */
async function cast(stage: Stage): Promise<Cast> {
  const [ours, theirs, both] = await Promise.all(
    ["ours", "theirs", "both"].map((name) => createUser(stage.url, name)),
  );
  if (!ours || !theirs || !both) throw new Error("There are users missing");
  const rooms = {
    pair: await roomOf(stage.url, ours, theirs),
    ours: await roomOf(stage.url, ours, both),
    theirs: await roomOf(stage.url, theirs, both),
  };
  return {
    gate: stage.gate,
    users: { ours, theirs, both },
    rooms,
    ours: await stage.chromium("trunkline", await ours.logIn()),
    theirs: await stage.chromium("sdk", await theirs.logIn()),
    both: {
      ours: await stage.chromium("trunkline", await both.logIn()),
      theirs: await stage.chromium("sdk", await both.logIn()),
    },
  };
}

/** One way: `side` calls the other make, then a user who has both. */
function oneWay(all: () => Cast, side: "ours" | "theirs", metadata: boolean): void {
  const other = side === "ours" ? "theirs" : "ours";
  const pair = (): Meeting => {
    const { gate, users, rooms, ...peers } = all();
    return {
      gate,
      caller: peers[side],
      callee: peers[other],
      roomId: rooms.pair,
      callerId: users[side].userId,
      calleeId: users[other].userId,
      ours: [peers.ours],
    };
  };
  const devices = (): DevicesMeeting => ({
    ...pair(),
    callee: all().both.ours,
    roomId: all().rooms[side],
    calleeId: all().users.both.userId,
    ours: [all().ours, all().both.ours],
    devices: { Trunkline: all().both.ours, "matrix-js-sdk": all().both.theirs },
  });

  afterEach(async ({ task }) => {
    const peers = [all().ours, all().theirs, all().both.ours, all().both.theirs];
    const stories = await Promise.all(peers.map((peer) => peer.log()));
    if (task.result?.state === "fail") console.log(stories.map((lines) => lines.join("\n")).join("\n\n"));
    await clear(pair());
    await clear({ ...devices(), caller: all().both.theirs });
  });

  callScenarios(pair);
  devicesScenarios(devices);
  inCallScenarios(pair);
  glareScenarios(pair);
  if (side === "theirs") preparingScenario(pair);
  if (!metadata) noMetadataScenarios(() => ({ ...pair(), trunkline: all().ours, other: all().theirs }));
}

/** The other side, where it is not the version of package.json. */
export interface OtherMake {
  readonly make: string;
  readonly metadata: boolean;
  readonly leftOut: readonly LeftOut[];
}

const SAME_AS_OURS: OtherMake = { make: "matrix-js-sdk", metadata: true, leftOut: [] };

/** Says why where a scenario is left out. A name that no scenario has fails all of them. */
function leaveOut(all: readonly LeftOut[], caller: LeftOut["caller"]): void {
  const leftOut = all.filter((entry) => !entry.caller || entry.caller === caller);

  beforeEach(({ task, skip }) => {
    const names = task.suite?.tasks.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(leftOut.flatMap(({ scenarios }) => scenarios)));
    const entry = leftOut.find(({ scenarios }) => scenarios.includes(task.name));
    if (entry) skip(entry.reason);
  });
}

/** All of it; the names of the homeserver and the make head the columns of the table. */
export function sdkSuite(
  name: string,
  open: () => Promise<Stage>,
  { make, metadata, leftOut }: OtherMake = SAME_AS_OURS,
): void {
  let stage: Stage;
  let all: Cast;

  beforeAll(async () => {
    stage = await open();
    all = await cast(stage);
  });

  afterAll(async () => {
    await stage?.close();
    expect(stage.errors).toEqual([]);
  });

  describe(`Trunkline calls ${make}, ${name}`, () => {
    leaveOut(leftOut, "Trunkline");
    oneWay(() => all, "ours", metadata);
  });
  describe(`${make} calls Trunkline, ${name}`, () => {
    leaveOut(leftOut, "matrix-js-sdk");
    oneWay(() => all, "theirs", metadata);
  });
}
