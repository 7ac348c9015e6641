import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { Method } from "matrix-js-sdk/lib/http-api/method.js";
import type { DelayedEvents } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { clientAsk } from "./matrix-client-errors.ts";
import { roomToSendTo } from "./matrix-client-send.ts";
import { matrixDelayed } from "./matrix-delayed.ts";

/** How long to wait for an answer, in ms; the client waits for ever where its app has not said otherwise. */
const MAX_REQUEST_MS = 30_000;

/**
 * Delayed events (P34) by the app's client. Not by its own functions for them: they know one form, and believe what the
 * homeserver advertises. In an encrypted room there are none: the client cannot encrypt what it does not send itself, and
 * a peer drops plaintext (P42).
 */
export function clientDelayed(client: MatrixClient): () => Promise<DelayedEvents | undefined> {
  return matrixDelayed(
    ({ method, path, prefix, query, body }) => {
      const options = { localTimeoutMs: MAX_REQUEST_MS, ...(prefix !== undefined && { prefix }) };
      const request = client.http.authedRequest<object>(method as Method, path, query, body, options);
      return clientAsk(client, request);
    },
    async (roomId) => {
      if (roomToSendTo(client, roomId).hasEncryptionStateEvent()) throw cannotDelay(roomId);
    },
  );
}

const cannotDelay = (roomId: string) =>
  new TrunklineError(
    "room_encrypted",
    `Room ${roomId} is encrypted, and delayed events are sent in plaintext: it has to do without`,
  );
