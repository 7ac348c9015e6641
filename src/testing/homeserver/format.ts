import type { Json } from "./body.ts";
import type { StoredEvent } from "./room.ts";
import type { Device } from "./store.ts";

/** An event as a client sees it. Only the device that sent it learns the transaction id. */
export function clientEvent(event: StoredEvent, reader: Device, now: number, membership?: unknown): Json {
  const { replaces } = event;
  return {
    event_id: event.eventId,
    type: event.type,
    sender: event.sender,
    ...(event.stateKey !== undefined && { state_key: event.stateKey }),
    content: event.content,
    origin_server_ts: event.sentAt,
    unsigned: {
      age: Math.floor(now) - event.sentAt,
      ...(membership !== undefined && { membership }),
      ...(event.device === reader && { transaction_id: event.transactionId }),
      ...(replaces && {
        prev_content: replaces.content,
        prev_sender: replaces.sender,
        replaces_state: replaces.eventId,
      }),
    },
  };
}

/** A state event as one who is not in the room may see it. */
export const strippedEvent = ({ type, sender, stateKey, content }: StoredEvent): Json => ({
  type,
  sender,
  state_key: stateKey,
  content,
});
