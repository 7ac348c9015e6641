/** Two phones that share a room, each logged in as somebody new. */
import { registerUser } from "../../scripts/synapse.ts";
import type { Homeserver } from "../../src/testing/homeserver/index.ts";
import type { Pair } from "./call-scenarios.ts";
import { directRoom } from "./rooms.ts";
import type { Stage } from "./stage.ts";

interface Account {
  readonly userId: string;
  readonly accessToken: string;
}

/** On the stage's embedded homeserver. */
export function embeddedPair(
  stage: Stage,
  homeserver: Homeserver,
  policy?: RTCIceTransportPolicy,
): Promise<Pair> {
  const id = crypto.randomUUID();
  return pairOf(
    stage,
    stage.url,
    [homeserver.createUser(`alice-${id}`), homeserver.createUser(`bob-${id}`)],
    policy,
  );
}

/** On a homeserver that lets anyone register. */
export async function registeredPair(
  stage: Stage,
  url: string,
  policy?: RTCIceTransportPolicy,
): Promise<Pair> {
  return pairOf(stage, url, [await registerUser(url, "alice"), await registerUser(url, "bob")], policy);
}

async function pairOf(
  stage: Stage,
  homeserver: string,
  [alice, bob]: readonly [Account, Account],
  policy: RTCIceTransportPolicy = "all",
): Promise<Pair> {
  const roomId = await directRoom(homeserver, alice, bob);
  const open = ({ accessToken }: Account) =>
    stage.phone({ homeserver, accessToken, iceTransportPolicy: policy });
  return { alice: await open(alice), bob: await open(bob), roomId, aliceId: alice.userId, bobId: bob.userId };
}
