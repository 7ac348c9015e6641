import type { DelayedEvents } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { errcodeOf, statusOf } from "./matrix-codes.ts";
import type { HttpRequest } from "./matrix-http.ts";
import { own } from "./matrix-parse.ts";

/** The name that delayed events had before they were in the specification (MSC4140), and some homeservers' still. */
const MSC4140 = "org.matrix.msc4140";
const UNSTABLE = `/_matrix/client/unstable/${MSC4140}`;
const DELAY = `${MSC4140}.delay`;

/** Makes a request; rejects as `Http.ask` does, or with `server_error` for what is no Matrix answer. */
type Ask = (request: HttpRequest) => Promise<unknown>;

/** One of the requests that may do a thing; resolves with undefined where the homeserver does not know it. */
type Way<Args extends unknown[]> = (...args: Args) => Promise<unknown>;

interface Offer {
  /** The best first, none where it has none. One that it turns out not to know is taken off. */
  readonly schedule: Way<Parameters<DelayedEvents["schedule"]>>[];
  readonly update: Way<[id: string, action: "restart" | "cancel"]>[];
  /** The longest delay, in ms. */
  readonly longest: number;
}

/**
 * Delayed events (P34) in whichever form the homeserver has them: the endpoints of MSC4140 as it was merged, the same
 * under their unstable name, or the query parameter that they had before. Resolves with undefined where it has none. Asks
 * once what it offers, and again only where that failed.
 */
export function matrixDelayed(
  ask: Ask,
  /** Rejects for a room to which the event may not be sent as it is. */
  check: (roomId: string) => Promise<void> = async () => {},
): () => Promise<DelayedEvents | undefined> {
  let offer: Offer | undefined;

  const delayedEvents = ({ schedule, update, longest }: Offer): DelayedEvents => ({
    async schedule(...event) {
      const [roomId, , , , delay] = event;
      if (delay > longest) throw cannot(`delay events for more than ${longest} ms`);
      await check(roomId);
      const answer = await firstKnown(schedule, event);
      const id = own(answer, "delay_id");
      if (typeof id === "string") return id;
      if (own(answer, "event_id") === undefined) {
        throw new TrunklineError(
          "server_error",
          "The homeserver did not say what it calls the delayed event",
        );
      }
      schedule.length = 0;
      throw cannot("delay events: it has sent one at once");
    },
    async restart(id) {
      try {
        await firstKnown(update, [id, "restart"]);
        return true;
      } catch (error) {
        if (isGone(error)) return false;
        throw error;
      }
    },
    async cancel(id) {
      await firstKnown(update, [id, "cancel"]).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    },
  });

  return async () => {
    offer ??= await offerOf(ask);
    return offer.schedule.length > 0 ? delayedEvents(offer) : undefined;
  };
}

const NONE: Offer = { schedule: [], update: [], longest: 0 };

/** What the homeserver says that it has, which is not always so. */
async function offerOf(ask: Ask): Promise<Offer> {
  const capabilities = own(await known(ask({ method: "GET", path: "/capabilities" })), "capabilities");
  const stable = own(capabilities, "m.delayed_events");
  const limits = stable ?? own(capabilities, `${MSC4140}.delayed_events`);
  let isStable = stable !== undefined;
  if (limits === undefined) {
    const versions = await ask({ method: "GET", prefix: "/_matrix/client", path: "/versions" });
    const features = own(versions, "unstable_features");
    isStable = own(features, `${MSC4140}.stable`) === true;
    if (!isStable && own(features, MSC4140) !== true) return NONE;
  }
  const longest = own(limits, "max_delay_ms") ?? Number.POSITIVE_INFINITY;
  if (typeof longest !== "number" || longest === 0 || own(limits, "max_scheduled") === 0) return NONE;

  const put =
    (prefix?: string): Offer["schedule"][number] =>
    (roomId, type, content, txnId, delay) => {
      const path = pathOf("rooms", roomId, "delayed_event", type, txnId);
      const body = { delay_ms: Math.round(delay), content };
      return known(ask({ method: "PUT", path, body, ...(prefix !== undefined && { prefix }) }));
    };
  const post =
    (prefix: string): Offer["update"][number] =>
    (id, action) =>
      known(ask({ method: "POST", prefix, path: pathOf("delayed_events", id, action), body: {} }));
  return {
    longest,
    schedule: [...(isStable ? [put()] : []), put(UNSTABLE), byParameter(ask)],
    update: [
      ...(isStable ? [post("/_matrix/client/v1")] : []),
      post(UNSTABLE),
      (id, action) =>
        known(
          ask({ method: "POST", prefix: UNSTABLE, path: pathOf("delayed_events", id), body: { action } }),
        ),
    ],
  };
}

/**
 * The form before the merged one. A homeserver that ignores the parameter would send the event at once: so it is first
 * asked for a delay that is none, in a room that is none. One that heeds the parameter says that it is wrong.
 */
function byParameter(ask: Ask): Offer["schedule"][number] {
  let heeded: boolean | undefined;
  const send = (parts: readonly string[], body: object, delay: string) =>
    ask({ method: "PUT", path: pathOf(...parts), body, query: { [DELAY]: delay } });
  const probe = async () => {
    try {
      await send(["rooms", "!none:trunkline.invalid", "send", "m.call.hangup", "probe"], {}, "none");
    } catch (error) {
      if (toTrunklineError(error).code !== "forbidden") throw error;
      return errcodeOf(error) === "M_INVALID_PARAM";
    }
    return false;
  };
  return async (roomId, type, content, txnId, delay) => {
    heeded ??= await probe();
    if (!heeded) return undefined;
    return send(["rooms", roomId, "send", type, txnId], content, String(Math.round(delay)));
  };
}

async function firstKnown<Args extends unknown[]>(ways: Way<Args>[], args: Args): Promise<unknown> {
  for (let way = ways[0]; way; way = ways[0]) {
    const answer = await way(...args);
    if (answer !== undefined) return answer;
    if (ways[0] === way) ways.shift();
  }
  throw cannot("delay events");
}

/** Undefined in place of the refusal of a homeserver that does not know the request. */
async function known(request: Promise<unknown>): Promise<unknown> {
  try {
    return await request;
  } catch (error) {
    // Nothing less: proxies have a 404 of their own while the homeserver behind them restarts.
    if (errcodeOf(error) === "M_UNRECOGNIZED") return undefined;
    throw error;
  }
}

/** It was sent, or cancelled, or nobody knows of it. */
function isGone(error: unknown): boolean {
  return statusOf(error) === 409 || (statusOf(error) === 404 && errcodeOf(error) === "M_NOT_FOUND");
}

const pathOf = (...parts: readonly string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

const cannot = (what: string) => new TrunklineError("forbidden", `The homeserver does not ${what}`);
