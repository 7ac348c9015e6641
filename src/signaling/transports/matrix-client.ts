import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { BehaviorSubject, defer, distinctUntilChanged } from "rxjs";
import { realClock } from "../../streams/clock.ts";
import type { Clock, Identity, Transport } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { exclusive } from "./exclusive.ts";
import { clientDelayed } from "./matrix-client-delayed.ts";
import { clientAsk, loggedOut } from "./matrix-client-errors.ts";
import { clientPrepare } from "./matrix-client-prepare.ts";
import { ClientRooms } from "./matrix-client-rooms.ts";
import { clientSend } from "./matrix-client-send.ts";
import { clientSync, endOf, notRunning } from "./matrix-client-sync.ts";
import { turnServersFrom } from "./matrix-turn.ts";

/**
 * A transport for an app that has a `MatrixClient` of matrix-js-sdk 43: no second sync, no login of its own, and
 * calls in encrypted rooms, with the app's keys. It runs where the client does; a port may lie between it and the
 * engine. Nothing of the SDK is loaded by this: the app's copy does the work.
 *
 * The client must be started before the phone is made, with `initRustCrypto()` before that for encrypted rooms, and be
 * made with `disableVoip: true`. Without it, the SDK's own calls go on beside ours: it rings too
 * (`Call.incoming`), opens a connection for each invite and polls for TURN servers. It sends nothing by itself, but an
 * app that answers both has answered twice.
 *
 * Throws `invalid_option` where `client` is no such client. Beyond the contract, `identity()` and `batches$` fail with
 * `wrong_state` where the client does not run. `send` rejects with `room_encrypted` where the client has no crypto or
 * cannot encrypt, and with `not_in_room` until the client has synced the room. State is told of rooms with calls only.
 */
export function matrixClient(client: MatrixClient, options: { readonly clock?: Clock } = {}): Transport {
  checkClient(client);
  const { clock = realClock } = options;
  const rooms = new ClientRooms(client);
  const connected = new BehaviorSubject(false);
  const onConnected = (isConnected: boolean) => connected.next(isConnected);

  return {
    batches$: exclusive(
      defer(() => {
        identityOf(client);
        return clientSync({ client, clock, rooms, onConnected });
      }),
    ),
    connected$: connected.pipe(distinctUntilChanged()),
    identity: async () => identityOf(client),
    send: clientSend(client, (roomId) => rooms.follow(roomId)),
    prepareSend: clientPrepare(client),
    delayed: clientDelayed(client),
    turnServers: async () => turnServersFrom(clientAsk(client, client.turnServer())),
  };
}

/** Throws where the client cannot go on: its own word is taken, the homeserver is not asked. */
function identityOf(client: MatrixClient): Identity {
  const end = endOf(client.getSyncState(), client.getSyncStateData());
  if (end) throw end;
  if (!client.getAccessToken()) throw loggedOut();
  if (!client.clientRunning) throw notRunning();
  const [userId, deviceId] = [client.getUserId(), client.getDeviceId()];
  if (userId && deviceId) return { userId, deviceId };
  throw new TrunklineError(
    "invalid_option",
    "The app's MatrixClient does not know who it is: give userId and deviceId of the login to createClient()",
  );
}

/** What is called of the client, some of it younger than others: an older client lacks it. */
const NEEDED = [
  "createMessagesRequest",
  "decryptEventIfNeeded",
  "getAccessToken",
  "getCrypto",
  "getDeviceId",
  "getEventMapper",
  "getHomeserverUrl",
  "getRoom",
  "getRooms",
  "getStateEvent",
  "getSyncState",
  "getSyncStateData",
  "getUserId",
  "off",
  "on",
  "resendEvent",
  "sendEvent",
  "turnServer",
] as const satisfies readonly (keyof MatrixClient)[];

function checkClient(client: unknown): asserts client is MatrixClient {
  const isObject = typeof client === "object" && client !== null;
  const lacking = NEEDED.find(
    (name) => !isObject || typeof (client as Record<string, unknown>)[name] !== "function",
  );
  if (!lacking) return;
  const what = isObject ? `has no ${lacking}()` : `is ${client === null ? "null" : typeof client}`;
  throw new TrunklineError(
    "invalid_option",
    `matrixClient() wants a MatrixClient of matrix-js-sdk 43: what it was given ${what}. Give what createClient() returned, of that version or newer`,
  );
}
