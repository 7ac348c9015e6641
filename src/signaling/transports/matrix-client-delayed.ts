import type { TimelineEvents } from "matrix-js-sdk/lib/@types/event.js";
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { DelayedEvents } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { clientAsk } from "./matrix-client-errors.ts";
import { roomToSendTo, sendError } from "./matrix-client-send.ts";
import { DELAYED_EVENTS } from "./matrix-codes.ts";

/**
 * Delayed events (P34) by the app's client, where the homeserver and the client have them. In an encrypted room there
 * are none: the client sends them in plaintext, which a peer drops (P42).
 */
export async function clientDelayed(client: MatrixClient): Promise<DelayedEvents | undefined> {
  const ask = <T>(request: Promise<T>) => clientAsk(client, request);
  const canDo = typeof client._unstable_restartScheduledDelayedEvent === "function";
  if (!canDo || !(await ask(client.doesServerSupportUnstableFeature(DELAYED_EVENTS)))) return undefined;

  return {
    async schedule(roomId, type, content, txnId, delay) {
      const room = roomToSendTo(client, roomId);
      if (room.hasEncryptionStateEvent()) throw cannotDelay(roomId);
      const request = client._unstable_sendDelayedEvent(
        roomId,
        { delay: Math.round(delay) },
        null,
        type as keyof TimelineEvents,
        content as never,
        txnId,
      );
      try {
        return (await request).delay_id;
      } catch (error) {
        throw await sendError(client, room, error);
      }
    },
    restart: (id) => ask(client._unstable_restartScheduledDelayedEvent(id)).then(() => {}),
    cancel: (id) => ask(client._unstable_cancelScheduledDelayedEvent(id)).then(() => {}),
  };
}

const cannotDelay = (roomId: string) =>
  new TrunklineError(
    "room_encrypted",
    `Room ${roomId} is encrypted, and delayed events are sent in plaintext: it has to do without`,
  );
