import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callScenarios, media, type Pair, wholeCall } from "../e2e/call-scenarios.ts";
import { inCallScenarios } from "../e2e/in-call-scenarios.ts";
import { registeredPair } from "../e2e/pairs.ts";
import { openStage, type Stage } from "../e2e/stage.ts";

const synapse = inject("synapseUrl");
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

const twenty = Array.from({ length: 20 }, (_, index) => index + 1);

describe("on Synapse", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await registeredPair(stage, synapse);
  });
  callScenarios(() => pair);
  inCallScenarios(() => pair);

  it.each(twenty)("voice call %d of 20 in a row connects", () => wholeCall(pair, media.voice, "host"));
  it.each(twenty)("video call %d of 20 in a row connects", () => wholeCall(pair, media.video, "host"));
});

describe("on Synapse, through coturn", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await registeredPair(stage, synapse, { iceTransportPolicy: "relay" });
  });

  it.each(twenty)("voice call %d of 20 in a row connects through the relay", () =>
    wholeCall(pair, media.voice, "relay"),
  );
  it.each(twenty)("video call %d of 20 in a row connects through the relay", () =>
    wholeCall(pair, media.video, "relay"),
  );
});
