import { expect, it } from "vitest";
import { synapseConfig } from "../../scripts/lib/synapse-config.ts";

const place = { port: 8008, folder: "/tmp/data" };

it("listens on the loopback only and talks to no one", () => {
  expect(synapseConfig(place)).toMatchObject({
    listeners: [{ port: 8008, bind_addresses: ["127.0.0.1"], resources: [{ names: ["client"] }] }],
    trusted_key_servers: [],
    federation_domain_whitelist: [],
    report_stats: false,
  });
});

it("hands out the relay it is given, and none otherwise", () => {
  const turn = { uris: ["turn:127.0.0.1:3478"], sharedSecret: "secret" };
  expect(synapseConfig({ ...place, turn })).toMatchObject({
    turn_uris: turn.uris,
    turn_shared_secret: turn.sharedSecret,
  });
  expect(synapseConfig(place)).not.toHaveProperty("turn_uris");
});

it("P30 keeps Synapse's own message limit where that is wanted, and only there", () => {
  expect(synapseConfig({ ...place, limitMessages: true })).not.toHaveProperty("rc_message");
  expect(synapseConfig(place)).toHaveProperty("rc_message");
});

it("has tokens that end while a test waits, for logins that can renew them", () => {
  expect(synapseConfig(place)).toHaveProperty("refreshable_access_token_lifetime", "2s");
});

it("P34 offers delayed events", () => {
  expect(synapseConfig(place)).toHaveProperty("max_event_delay_duration");
});
