import { afterEach, describe, expect, inject, it } from "vitest";
import { showable, unshowable } from "../../../src/testing/transport-suite.ts";
import { clientWorld } from "../../signaling/transports/client-world.ts";
import { ofItsOwn } from "../../signaling/transports/left-out.ts";

describe("the transport suite on an app's client with Rust crypto", () => {
  const world = clientWorld({
    homeserver: inject("synapseUrl"),
    fetch,
    patience: 30_000,
    capabilities: ["power_levels", "encryption", "delayed_events", "faults"],
    prepare: (client) => client.initRustCrypto({ useIndexedDB: false }),
  });
  afterEach(() => world.close());
  for (const test of showable(world)) it(test.name, () => test.run(world));

  it("leaves out what is the client's own, and the refusal to encrypt", () => {
    expect(unshowable(world)).toEqual([
      "P42 refuses to send into an encrypted room, whether it was told of it or not",
      "P42 refuses a delayed event for an encrypted room",
      ...ofItsOwn,
    ]);
  });
});
