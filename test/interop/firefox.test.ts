/** Our phone in Chromium and our phone in Firefox, both ways: what a browser does is the same on every homeserver. */
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { createUser, roomOf, type User } from "./accounts.ts";
import { callScenarios } from "./call-scenarios.ts";
import type { Gate } from "./gate.ts";
import { glareScenarios, preparingScenario } from "./glare-scenarios.ts";
import { inCallScenarios } from "./in-call-scenarios.ts";
import { clear, type Meeting } from "./meeting.ts";
import type { Peer } from "./peer.ts";
import { openStage, type Stage } from "./stage.ts";

interface Phone {
  readonly user: User;
  readonly peer: Peer;
}

interface Cast {
  readonly gate: Gate;
  readonly phones: { readonly chromium: Phone; readonly firefox: Phone };
  readonly roomId: string;
}

async function cast(stage: Stage): Promise<Cast> {
  const chromium = await createUser(stage.url, "chromium");
  const firefox = await createUser(stage.url, "firefox");
  return {
    gate: stage.gate,
    roomId: await roomOf(stage.url, chromium, firefox),
    phones: {
      chromium: { user: chromium, peer: await stage.chromium("trunkline", await chromium.logIn()) },
      firefox: { user: firefox, peer: await stage.firefox("trunkline", await firefox.logIn()) },
    },
  };
}

function oneWay(all: () => Cast, side: keyof Cast["phones"]): void {
  const meeting = (): Meeting => {
    const { gate, phones, roomId } = all();
    const from = phones[side];
    const to = phones[side === "chromium" ? "firefox" : "chromium"];
    return {
      gate,
      caller: from.peer,
      callee: to.peer,
      roomId,
      callerId: from.user.userId,
      calleeId: to.user.userId,
      ours: [from.peer, to.peer],
    };
  };

  afterEach(async ({ task }) => {
    const stories = await Promise.all(meeting().ours.map((peer) => peer.log()));
    if (task.result?.state === "fail") console.log(stories.map((lines) => lines.join("\n")).join("\n\n"));
    await clear(meeting());
  });

  callScenarios(meeting);
  inCallScenarios(meeting);
  glareScenarios(meeting);
  preparingScenario(meeting);
}

const homeserver = createHomeserver();
let stage: Stage;
let all: Cast;

beforeAll(async () => {
  stage = await openStage((request) => homeserver.fetch(request));
  all = await cast(stage);
});

afterAll(async () => {
  await stage?.close();
  homeserver.close();
  expect(stage.errors).toEqual([]);
});

describe("Chromium calls Firefox, embedded", () => oneWay(() => all, "chromium"));
describe("Firefox calls Chromium, embedded", () => oneWay(() => all, "firefox"));
