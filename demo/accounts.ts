import { TrunklineError } from "trunkline";
import type { Side } from "./ladder.ts";
import { type MatrixApi, matrixApi, type Session } from "./matrix-api.ts";
import type { Settings, UserSettings } from "./settings.ts";

/** Two users who are signed in, and the room they share. */
export interface Accounts extends Readonly<Record<Side, Session>> {
  readonly homeserver: string;
  readonly roomId: string;
}

const NAMES: Readonly<Record<Side, string>> = { alice: "Alice", bob: "Bob" };

/** Signs both users in and brings them into one room. Rejects with a `TrunklineError`. */
export async function openAccounts(settings: Settings): Promise<Accounts> {
  const homeserver = settings.homeserver ?? location.origin;
  const api = matrixApi(homeserver);
  const signIn = (side: Side) =>
    (settings.homeserver ? logIn(api, side, settings[side]) : register(api, side)).catch(
      (thrown: unknown) => {
        if (!(thrown instanceof TrunklineError)) throw thrown;
        const { code, message, cause } = thrown;
        throw new TrunklineError(code, `${NAMES[side]} cannot sign in. ${message}`, { cause });
      },
    );
  const [alice, bob] = await Promise.all([signIn("alice"), signIn("bob")]);
  const roomId = settings.roomId ?? (await api.createDirectRoom(alice, bob.userId));
  await Promise.all([api.join(alice, roomId), api.join(bob, roomId)]);
  return { homeserver, alice, bob, roomId };
}

/** A new user for each page, so that two pages do not ring each other's phones. */
function register(api: MatrixApi, side: Side): Promise<Session> {
  const [name = "", password = ""] = crypto.randomUUID().split(/-(.*)/);
  return api.register({ user: `${side}-${name.slice(0, 4)}`, password });
}

async function logIn(
  api: MatrixApi,
  side: Side,
  { user, password, accessToken }: UserSettings,
): Promise<Session> {
  if (accessToken) return api.whoAmI(accessToken);
  // One device for all visits: an account is not to fill with devices, and a sync needs one of its own.
  if (user && password) return api.logIn({ user, password }, `TRUNKLINE_DEMO_${side.toUpperCase()}`);
  throw new TrunklineError("invalid_option", "Give a user name and a password, or an access token.");
}
