import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { showable, unshowable } from "../../../src/testing/transport-suite.ts";
import { clientWorld } from "./client-world.ts";
import { ofItsOwn } from "./left-out.ts";

describe("the transport suite on an app's client without crypto", () => {
  const server = createHomeserver({
    turn: { uris: ["turn:homeserver.test"], username: "user", password: "not a secret", ttl: 60 },
  });
  const world = clientWorld({
    homeserver: "https://homeserver.test",
    fetch: (resource, init) => server.fetch(new Request(resource, init)),
    patience: 3_000,
    capabilities: ["power_levels", "encryption_refusal", "delayed_events", "faults"],
  });
  afterEach(() => world.close());
  afterAll(() => server.close());
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out what is the client's own", () => {
    expect(unshowable(world)).toEqual([
      "P42 sends encrypted into an encrypted room, and says so",
      ...ofItsOwn,
    ]);
  });
});
