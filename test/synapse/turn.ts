import { createHmac } from "node:crypto";
import type { Coturn } from "../../scripts/coturn.ts";
import type { TurnConfig } from "../../src/testing/homeserver/index.ts";

const TTL = 86_400;

/** Credentials as a homeserver makes them from the secret that it shares with coturn: good for a day. */
export function turnConfig({ uris, sharedSecret }: Coturn): TurnConfig {
  const username = `${Math.floor(Date.now() / 1_000) + TTL}:trunkline`;
  const password = createHmac("sha1", sharedSecret).update(username).digest("base64");
  return { uris, username, password, ttl: TTL };
}
