import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { Method } from "matrix-js-sdk/lib/http-api/method.js";
import type { DelayedEvents } from "../../streams/contract.ts";
import { encryptAhead } from "./matrix-client-ahead.ts";
import { clientAsk } from "./matrix-client-errors.ts";
import { matrixDelayed } from "./matrix-delayed.ts";

/** How long to wait for an answer, in ms; the client waits for ever where its app has not said otherwise. */
const MAX_REQUEST_MS = 30_000;

/**
 * Delayed events (P34) by the app's client. Not by its own functions for them: they know one form, believe what the
 * homeserver advertises, and send plaintext. In an encrypted room they are encrypted ahead (P42).
 */
export function clientDelayed(client: MatrixClient): () => Promise<DelayedEvents | undefined> {
  const find = matrixDelayed(({ method, path, prefix, query, body }) => {
    const options = { localTimeoutMs: MAX_REQUEST_MS, ...(prefix !== undefined && { prefix }) };
    const request = client.http.authedRequest<object>(method as Method, path, query, body, options);
    return clientAsk(client, request);
  });
  return async () => {
    const events = await find();
    return (
      events && {
        ...events,
        async schedule(roomId, type, content, ...rest) {
          const event = await encryptAhead(client, roomId, { type, content });
          return events.schedule(roomId, event.type, event.content, ...rest);
        },
      }
    );
  };
}
