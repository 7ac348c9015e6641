import type { DelayedEvents } from "../../streams/contract.ts";
import { toTrunklineError } from "../../streams/errors.ts";
import { DELAYED_EVENTS, passing } from "./matrix-codes.ts";
import type { Http } from "./matrix-http.ts";
import { own } from "./matrix-parse.ts";
import type { OutgoingEvent } from "./matrix-send.ts";

/**
 * Delayed events (P34), where the homeserver says that it has them; undefined where it does not. Asks once, one
 * attempt, and again only where that failed.
 */
export function matrixDelayed(
  http: Http,
  send: (event: OutgoingEvent) => Promise<string>,
): () => Promise<DelayedEvents | undefined> {
  const ask = async (request: Parameters<Http["ask"]>[0]) => {
    try {
      return await http.ask(request);
    } catch (error) {
      throw passing(toTrunklineError(error));
    }
  };
  const update = async (id: string, action: "restart" | "cancel") => {
    const prefix = `/_matrix/client/unstable/${DELAYED_EVENTS}`;
    const path = `/delayed_events/${encodeURIComponent(id)}`;
    await ask({ method: "POST", prefix, path, body: { action } });
  };
  const delayedEvents: DelayedEvents = {
    schedule: (roomId, type, content, txnId, delay) => send({ roomId, type, content, txnId, delay }),
    restart: (id) => update(id, "restart"),
    cancel: (id) => update(id, "cancel"),
  };

  let offered: boolean | undefined;
  return async () => {
    if (offered === undefined) {
      const versions = await ask({ method: "GET", prefix: "/_matrix/client", path: "/versions" });
      offered = own(own(versions, "unstable_features"), DELAYED_EVENTS) === true;
    }
    return offered ? delayedEvents : undefined;
  };
}
