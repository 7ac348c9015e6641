import type { ClientEvent, MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { Room } from "matrix-js-sdk/lib/models/room.js";
import { Observable } from "rxjs";
import { cannotEncrypt, roomToSendTo, sendError } from "./matrix-client-send.ts";

/** What is sent for an event: the event itself, or its ciphertext. */
export interface Sendable {
  readonly type: string;
  readonly content: object;
}

/** What the SDK's crypto has beside `CryptoApi`: the same by which the client encrypts when it sends. */
interface Encryptor {
  encryptEvent(event: MatrixEvent, room: Room): Promise<void>;
}

/**
 * Encrypts an event, where its room is encrypted, that the client does not send itself: the homeserver does, later, or a
 * page that closes. Rejects with `not_in_room`, `room_encrypted` where the client cannot encrypt, or as a request does.
 */
export async function encryptAhead(
  client: MatrixClient,
  roomId: string,
  { type, content }: Sendable,
): Promise<Sendable> {
  const room = roomToSendTo(client, roomId);
  if (!room.hasEncryptionStateEvent()) return { type, content };
  const crypto = client.getCrypto() as Partial<Encryptor> | undefined;
  if (!crypto?.encryptEvent) throw cannotEncrypt(roomId);
  const event = client.getEventMapper({ preventReEmit: true, decrypt: false })({
    ...{ room_id: roomId, type, content: { ...content }, sender: client.getUserId() ?? "" },
  });
  try {
    await crypto.encryptEvent(event, room);
  } catch (thrown) {
    throw await sendError(client, room, thrown);
  }
  return { type: event.getWireType(), content: event.getWireContent() };
}

/** Emits after each sync of the client's, and when one fails. */
export const syncsOf = (client: MatrixClient) =>
  new Observable<void>((subscriber) => {
    const emit = () => subscriber.next();
    client.on("sync" as ClientEvent.Sync, emit);
    return () => client.off("sync" as ClientEvent.Sync, emit);
  });
