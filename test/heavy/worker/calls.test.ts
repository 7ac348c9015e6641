import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { openStage, type Stage } from "../../e2e/stage.ts";
import * as scenarios from "./life-scenarios.ts";

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

describe("a call whose worker is terminated, in Chromium", () => {
  it.each([
    ["before it", scenarios.diesBefore],
    ["while it rings at the callee's", scenarios.diesWhileItRingsHere],
    ["while it rings at the caller's", scenarios.diesWhileItRingsThere],
    ["as it is answered", scenarios.diesAsItIsAnswered],
    ["on both sides once it is answered", scenarios.diesOnceItIsAnswered],
    ["on both sides in the call", scenarios.diesInTheCall],
  ])("goes on, and is hung up once: %s", async (_, scenario) => {
    const pair = await scenarios.livePair(stage, homeserver);
    await scenario(pair);
    await Promise.all([pair.alice.close(), pair.bob.close()]);
  });
});
