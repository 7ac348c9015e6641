import type { Identity } from "../../streams/contract.ts";
import { type TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { isRefusedAccess, notInRoom, notMatrix, passing } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { own } from "./matrix-parse.ts";
import type { MatrixRooms } from "./matrix-rooms.ts";

export interface OutgoingEvent {
  readonly roomId: string;
  readonly type: string;
  readonly content: object;
  readonly txnId: string;
}

/** The request that sends an event. */
export const sendRequest = ({ roomId, type, content, txnId }: OutgoingEvent) =>
  ({
    method: "PUT",
    path: `/rooms/${[roomId, "send", type, txnId].map(encodeURIComponent).join("/")}`,
    body: content,
  }) as const;

/** Sends as `Transport.send` says. */
export async function sendEvent(
  http: Http,
  rooms: MatrixRooms,
  identity: () => Promise<Identity>,
  event: OutgoingEvent,
): Promise<string> {
  const { roomId } = event;
  try {
    await rooms.refuseEncrypted(roomId);
    const id = own(await http.ask(sendRequest(event)), "event_id");
    if (typeof id !== "string") throw notMatrix(http.homeserver);
    return id;
  } catch (thrown) {
    const error = passing(toTrunklineError(thrown));
    throw (await isOutside(error, rooms, identity, roomId)) ? notInRoom(roomId, error) : error;
  }
}

/** A homeserver refuses an outsider and a member without the power to send with the same code: ask which we are. */
async function isOutside(
  error: TrunklineError,
  rooms: MatrixRooms,
  identity: () => Promise<Identity>,
  roomId: string,
): Promise<boolean> {
  if (!isRefusedAccess(error)) return false;
  try {
    return !(await rooms.isJoined(roomId, (await identity()).userId));
  } catch {
    return false; // it stays the refusal that it was
  }
}
