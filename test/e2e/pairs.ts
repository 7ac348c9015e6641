/** Two phones that share a room, each logged in as somebody new. */
import { registerUser } from "../../scripts/synapse.ts";
import type { Homeserver } from "../../src/testing/homeserver/index.ts";
import type { Pair } from "./call-scenarios.ts";
import type { StartOptions } from "./phone-page.ts";
import { directRoom } from "./rooms.ts";
import type { Stage } from "./stage.ts";

/** How both phones are made, where it is not as ever. */
export type PhoneOptions = Pick<StartOptions, "iceTransportPolicy" | "warm">;

interface Account {
  readonly userId: string;
  readonly accessToken: string;
}

/** On the stage's embedded homeserver. */
export function embeddedPair(stage: Stage, homeserver: Homeserver, options?: PhoneOptions): Promise<Pair> {
  const id = crypto.randomUUID();
  return pairOf(
    stage,
    stage.url,
    [homeserver.createUser(`alice-${id}`), homeserver.createUser(`bob-${id}`)],
    options,
  );
}

/** On a homeserver that lets anyone register. */
export async function registeredPair(stage: Stage, url: string, options?: PhoneOptions): Promise<Pair> {
  return pairOf(stage, url, [await registerUser(url, "alice"), await registerUser(url, "bob")], options);
}

async function pairOf(
  stage: Stage,
  homeserver: string,
  [alice, bob]: readonly [Account, Account],
  options: PhoneOptions = {},
): Promise<Pair> {
  const roomId = await directRoom(homeserver, alice, bob);
  const open = ({ accessToken }: Account) => stage.phone({ homeserver, accessToken, ...options });
  return { alice: await open(alice), bob: await open(bob), roomId, aliceId: alice.userId, bobId: bob.userId };
}
