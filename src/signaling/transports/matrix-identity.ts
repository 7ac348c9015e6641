import type { Identity } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { errcodeOf, notMatrix } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { own, parseWhoami } from "./matrix-parse.ts";

/** Asks the homeserver who we are, and makes sure that the device is ours alone: both at once where it can be. */
export async function fetchIdentity(http: Http, expected: Partial<Identity>): Promise<Identity> {
  const known = isWhole(expected) ? publishesKeys(http, expected) : undefined;
  known?.catch(() => {}); // what the other question rejects with is told first
  const identity = await whoIs(http, expected);
  if (await (known ?? publishesKeys(http, identity))) throw sharedDevice(identity);
  return identity;
}

/** Asks the homeserver whose token it is. Rejects with `invalid_option` where it is not whose the options say. */
export async function whoIs(http: Http, expected: Partial<Identity>): Promise<Identity> {
  const told = parseWhoami(await http.ask({ method: "GET", path: "/account/whoami" }));
  if (told === undefined) throw notMatrix(http.homeserver);
  check("userId", expected.userId, told.userId);
  check("deviceId", expected.deviceId, told.deviceId);
  const { userId, deviceId } = told;
  if (deviceId === undefined) {
    throw new TrunklineError(
      "invalid_option",
      `The access token of ${userId} belongs to no device. Log in to get a token with a device`,
    );
  }
  return { userId, deviceId };
}

const isWhole = (identity: Partial<Identity>): identity is Identity =>
  identity.userId !== undefined && identity.deviceId !== undefined;

function check(option: keyof Identity, expected: string | undefined, told: string | undefined): void {
  if (expected === undefined || expected === told) return;
  throw new TrunklineError(
    "invalid_option",
    `Option ${option} is ${expected}, but the access token is that of ${told ?? "none"}. Leave the option out, or take the token that belongs to it`,
  );
}

/** Keys are published by clients that encrypt, and those lose messages to a second sync on their device. */
const publishesKeys = async (http: Http, identity: Identity): Promise<boolean> =>
  (await publishedDevice(http, identity)) !== undefined;

/** What the homeserver has of the keys of a device, as it is; undefined where it has none. */
export async function publishedDevice(http: Http, { userId, deviceId }: Identity): Promise<unknown> {
  const request = { device_keys: { [userId]: [deviceId] } };
  try {
    const answer = await http.ask({ method: "POST", path: "/keys/query", body: request });
    return own(own(own(answer, "device_keys"), userId), deviceId);
  } catch (error) {
    if (errcodeOf(error) === "M_UNRECOGNIZED") return undefined; // no encryption here, no keys to lose
    throw error;
  }
}

function sharedDevice({ userId, deviceId }: Identity): TrunklineError {
  return new TrunklineError(
    "shared_device",
    `Device ${deviceId} of ${userId} has published encryption keys: another client uses it, and a second sync would eat its messages. Log in once more, for calls alone, and use that token; or place calls through the app's own Matrix client`,
  );
}
