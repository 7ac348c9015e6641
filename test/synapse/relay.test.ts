import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Coturn, startCoturn } from "../../scripts/coturn.ts";
import { createHomeserver, type Homeserver } from "../../src/testing/homeserver/index.ts";
import { media, type Pair, wholeCall } from "../e2e/call-scenarios.ts";
import { embeddedPair } from "../e2e/pairs.ts";
import { openStage, type Stage } from "../e2e/stage.ts";
import { turnConfig } from "./turn.ts";

let coturn: Coturn;
let homeserver: Homeserver;
let stage: Stage;
let pair: Pair;

beforeAll(async () => {
  coturn = await startCoturn();
  homeserver = createHomeserver({ turn: turnConfig(coturn) });
  stage = await openStage((request) => homeserver.fetch(request));
  pair = await embeddedPair(stage, homeserver, { iceTransportPolicy: "relay" });
});

afterAll(async () => {
  await stage.close();
  homeserver.close();
  await coturn.close();
  expect(stage.errors).toEqual([]);
});

describe("on the embedded homeserver, through coturn", () => {
  it("a voice call connects through the relay", () => wholeCall(pair, media.voice, "relay"));
  it("a video call connects through the relay", () => wholeCall(pair, media.video, "relay"));
});
