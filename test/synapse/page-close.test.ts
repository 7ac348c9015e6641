import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { registerUser } from "../../scripts/synapse.ts";
import { pageCloseScenarios } from "../e2e/page-close-scenarios.ts";
import { openStage, type Stage } from "../e2e/stage.ts";

const homeserver = inject("synapseUrl");
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

describe("a page that goes in the midst of a call, in an unencrypted room on Synapse", () => {
  pageCloseScenarios(() => ({ stage, homeserver, login: (name) => registerUser(homeserver, name) }));
});
