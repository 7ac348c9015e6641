import { describe, expect, inject, it } from "vitest";
import { showable, unshowable } from "../../src/testing/transport-suite.ts";
import { httpWorld } from "../signaling/transports/http-world.ts";

const homeserver = inject("synapseUrl");

describe("the transport suite on a real homeserver", () => {
  const world = httpWorld({ homeserver, fetch, patience: 30_000 });
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out nothing but encryption", () => {
    expect(unshowable(world)).toEqual(["P42 sends encrypted into an encrypted room, and says so"]);
  });
});
