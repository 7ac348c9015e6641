import { describe, expect, it } from "vitest";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { showable, unshowable } from "../../../src/testing/transport-suite.ts";
import { httpWorld } from "./http-world.ts";

describe("the transport suite on the embedded homeserver", () => {
  const server = createHomeserver({
    turn: { uris: ["turn:homeserver.test"], username: "user", password: "not a secret", ttl: 60 },
  });
  const world = httpWorld({
    homeserver: "https://homeserver.test",
    fetch: (resource, init) => server.fetch(new Request(resource, init)),
    patience: 3_000,
  });
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out nothing but encryption", () => {
    expect(unshowable(world)).toEqual(["P42 sends encrypted into an encrypted room, and says so"]);
  });
});
