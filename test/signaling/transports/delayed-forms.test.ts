import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createHomeserver, type DelayedEventsForm } from "../../../src/testing/homeserver/index.ts";
import { showable } from "../../../src/testing/transport-suite.ts";
import { clientWorld } from "./client-world.ts";
import { httpWorld } from "./http-world.ts";
import { coded } from "./scripted.ts";

const KINDS = ["a lean transport", "an app's client"] as const;

/** A world of each kind of transport on a homeserver that has delayed events in that form, and what is asked of it. */
function setUp(kind: (typeof KINDS)[number], delayedEvents: DelayedEventsForm) {
  const server = createHomeserver({ delayedEvents });
  const asked: string[] = [];
  const options = {
    homeserver: "https://homeserver.test",
    fetch: (resource: string | URL | Request, init?: RequestInit) => {
      const request = new Request(resource, init);
      const path = decodeURIComponent(new URL(request.url).pathname);
      if (/4140|delayed_event|\/probe$|m\.call\.hangup/.test(request.url))
        asked.push(`${request.method} ${path}`);
      return server.fetch(request);
    },
    patience: 3_000,
  };
  if (kind === "a lean transport")
    return { server, asked, world: httpWorld(options), close: () => server.close() };
  const world = clientWorld({ ...options, capabilities: ["encryption_refusal", "delayed_events"] });
  return {
    server,
    asked,
    world,
    close() {
      world.close();
      server.close();
    },
  };
}

describe.each(KINDS)("P34 delayed events of %s", (kind) => {
  describe.each(["merged", "unstable", "parameter"] as const)("in the form %s", (form) => {
    const { world, close } = setUp(kind, form);
    afterAll(close);
    const tests = showable(world).filter(({ needs }) => needs.includes("delayed_events"));
    for (const test of tests) it(test.name, () => test.run(world));

    it("pass all tests of the suite", () => expect(tests).toHaveLength(6));
  });

  describe.each(["ignored", "none"] as const)("in the form %s", (form) => {
    let close: (() => void) | undefined;
    afterEach(() => close?.());

    it("are not there, and nothing is sent to find that out", async () => {
      const stage = setUp(kind, form);
      close = stage.close;
      const alice = await stage.world.createUser();
      const roomId = await alice.createRoom();
      const delayed = await alice.transport.delayed?.();
      expect(delayed === undefined).toBe(form === "none");
      const schedule = delayed?.schedule(roomId, "m.call.hangup", { call_id: "c" }, "t", 50_000);
      if (schedule) await expect(schedule).rejects.toEqual(coded("forbidden"));
      expect(stage.asked.filter((what) => what.startsWith("PUT") && what.includes(roomId))).toEqual(
        form === "none" ? [] : [expect.stringContaining("/delayed_event/m.call.hangup/t")],
      );
      const asked = stage.asked.length;
      await expect(
        (async () =>
          (await alice.transport.delayed?.())?.schedule(roomId, "m.call.hangup", {}, "u", 50_000))(),
      ).resolves.toBeUndefined();
      expect(stage.asked).toHaveLength(asked);
    });
  });
});
