import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { type PageCloseStage, pageCloseScenarios } from "./page-close-scenarios.ts";
import { openStage, type Stage } from "./stage.ts";

const homeserver = createHomeserver();
let stage: Stage;
let server: NodeServer;
let world: PageCloseStage;

beforeAll(async () => {
  server = await serve((request) => homeserver.fetch(request));
  stage = await openStage();
  world = {
    stage,
    homeserver: server.url,
    login: async (name) => homeserver.createUser(`${name}-${crypto.randomUUID()}`),
  };
});

afterAll(async () => {
  await stage.close();
  await server.close();
  homeserver.close();
});

describe("a page that goes in the midst of a call, on the embedded homeserver", () => {
  pageCloseScenarios(() => world);

  it("threw nothing that nobody caught", () => {
    expect(stage.errors).toEqual([]);
  });
});
