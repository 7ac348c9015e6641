import type { TimelineEvents } from "matrix-js-sdk/lib/@types/event.js";
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { EventStatus } from "matrix-js-sdk/lib/models/event-status.js";
import type { Room } from "matrix-js-sdk/lib/models/room.js";
import type { Transport } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { clientRequestError } from "./matrix-client-errors.ts";
import { isRefusedAccess, notInRoom } from "./matrix-codes.ts";

/** The SDK's words, without its enums, which would load it. */
const NOT_SENT = "not_sent" as EventStatus.NOT_SENT;
const SENT = "sent" as EventStatus.SENT;

/** How many sent events are remembered for another attempt. */
const MAX_REMEMBERED = 100;

/** An event under its transaction: the client keeps its ciphertext and its id in the echo. */
interface Attempt {
  readonly echo: MatrixEvent | undefined;
  sending: Promise<string>;
}

/**
 * Sends through the app's client, encrypted where the room is. What is sent leaves no trace among the app's pending
 * messages: neither is it shown there, nor can it hold up others when it fails, nor they it. One transaction is sent
 * once, however often it is tried (P30).
 */
export function clientSend(client: MatrixClient, onSend: (roomId: string) => void): Transport["send"] {
  const attempts = new Map<string, Attempt>();

  const remember = (key: string, attempt: Attempt): void => {
    attempts.set(key, attempt);
    const [oldest] = attempts.keys();
    if (attempts.size > MAX_REMEMBERED && oldest !== undefined) attempts.delete(oldest);
  };

  return async (roomId, type, content, txnId) => {
    const room = roomToSendTo(client, roomId);
    if (room.hasEncryptionStateEvent() && !client.getCrypto()) throw cannotEncrypt(roomId);
    onSend(roomId);
    const key = JSON.stringify([roomId, txnId]);
    const earlier = attempts.get(key);
    try {
      if (earlier) return await again(client, room, earlier);
      const attempt = first(client, room, type, content, txnId);
      remember(key, attempt);
      return await attempt.sending;
    } catch (thrown) {
      throw await sendError(client, room, thrown);
    }
  };
}

/** A room of which the client knows nothing it would send to unencrypted. Throws `not_in_room`. */
export function roomToSendTo(client: MatrixClient, roomId: string): Room {
  const room = client.getRoom(roomId);
  if (room?.getMyMembership() === "join") return room;
  throw notInRoom(roomId, "the app's MatrixClient has not synced that we are in it");
}

export function cannotEncrypt(roomId: string, cause?: unknown): TrunklineError {
  return new TrunklineError(
    "room_encrypted",
    cause === undefined
      ? `Room ${roomId} is encrypted, and the app's MatrixClient has no crypto. Call client.initRustCrypto() before client.startClient()`
      : `The app's MatrixClient cannot encrypt for room ${roomId}: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
}

/** What a failed send means. Rejects never. */
export async function sendError(client: MatrixClient, room: Room, thrown: unknown): Promise<TrunklineError> {
  const error = clientRequestError(thrown, client.getHomeserverUrl());
  if (!error) {
    return room.hasEncryptionStateEvent() ? cannotEncrypt(room.roomId, thrown) : toTrunklineError(thrown);
  }
  return isRefusedAccess(thrown) && (await isOutside(client, room)) ? notInRoom(room.roomId, error) : error;
}

/** A homeserver refuses an outsider and a member without the power to send with the same code: ask which we are. */
async function isOutside(client: MatrixClient, { roomId, myUserId }: Room): Promise<boolean> {
  try {
    return (await client.getStateEvent(roomId, "m.room.member", myUserId)).membership !== "join";
  } catch (error) {
    return isRefusedAccess(error);
  }
}

function first(client: MatrixClient, room: Room, type: string, content: object, txnId: string): Attempt {
  const sending = client
    .sendEvent(room.roomId, type as keyof TimelineEvents, content as never, txnId)
    .then(({ event_id }) => event_id);
  const echo = room.getEventForTxnId(txnId);
  if (!echo) return { echo, sending };
  hide(room, echo);
  if (echo.status !== NOT_SENT) return { echo, sending };
  // A message of the app that could not be sent keeps the client from trying any after it. A call does not wait.
  sending.catch(() => {});
  return { echo, sending: resend(client, room, echo) };
}

/** The event may have come back by sync although the answer to its sending was lost. */
async function again(client: MatrixClient, room: Room, attempt: Attempt): Promise<string> {
  const { echo } = attempt;
  if (echo?.status === NOT_SENT) attempt.sending = resend(client, room, echo);
  else if (echo && (echo.status === null || echo.status === SENT)) return echo.getId() ?? attempt.sending;
  return attempt.sending;
}

async function resend(client: MatrixClient, room: Room, echo: MatrixEvent): Promise<string> {
  return (await client.resendEvent(echo, room)).event_id;
}

/** The client puts what it sends among the pending messages before it returns: nobody has seen it there yet. */
function hide(room: Room, echo: MatrixEvent): void {
  const id = echo.getId() ?? "";
  if (room.hasPendingEvent(id)) room.removePendingEvent(id);
  else room.removeEvent(id);
}
