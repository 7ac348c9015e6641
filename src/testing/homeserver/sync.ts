import { filter, firstValueFrom, map, merge, timer } from "rxjs";
import { type App, type Ask, authenticate, CLIENT, type Server } from "./app.ts";
import type { Json } from "./body.ts";
import { oneTimeKeyCounts } from "./devices.ts";
import { invalidParam, MatrixError } from "./error.ts";
import { resolveFilter } from "./filter.ts";
import type { Store } from "./store.ts";
import { type Question, syncRooms } from "./sync-rooms.ts";

/**
 * `GET /sync`: what is new since the last one, at once where there is something or no `timeout` (ms), otherwise as soon
 * as there is. All that one request makes comes in one answer.
 */
export function syncRoutes(app: App, server: Server): void {
  const { store } = server;

  app.get(`${CLIENT}/sync`, async (ask) => {
    const device = authenticate(ask, server);
    const { token } = device;
    const timeout = timeoutOf(ask);
    const since = sinceOf(ask, store);
    const fullState = ask.req.query("full_state") === "true";
    const rooms = resolveFilter(device.user, ask.req.query("filter"));
    // What a sync brought counts as received as soon as the next one names it: whoever syncs, eats.
    if (since !== undefined) device.inbox = device.inbox.filter((message) => message.position > since);
    const answer = () => answerTo(store, { device, since, fullState, filter: rooms });
    const first = answer();
    if (since === undefined || fullState || timeout === 0 || isNews(first)) return ask.json(first);
    return ask.json(
      await firstValueFrom(
        merge(
          store.news$.pipe(
            filter((users) => users.has(device.user)),
            map(answer),
            // As in Synapse, the poll of a device that is logged out ends, and its next request is refused.
            filter((news) => isNews(news) || store.tokens.get(token) !== device),
          ),
          timer(timeout, store.clock).pipe(map(answer)),
          ask.env.gone$,
        ),
      ),
    );
  });
}

function answerTo(store: Store, question: Omit<Question, "position" | "now">): Json {
  const { position } = store;
  const { device } = question;
  const rooms = syncRooms({ ...question, position, now: store.clock.now() });
  const messages = device.inbox.map(({ message }) => message);
  return {
    next_batch: `s${position}`,
    device_one_time_keys_count: oneTimeKeyCounts(device),
    device_unused_fallback_key_types: [],
    ...(messages.length > 0 && { to_device: { events: messages } }),
    ...(Object.keys(rooms).length > 0 && { rooms }),
  };
}

const isNews = (answer: Json) => "rooms" in answer || "to_device" in answer;

function timeoutOf(ask: Ask): number {
  const timeout = ask.req.query("timeout") ?? "0";
  if (!/^\d+$/.test(timeout)) throw invalidParam("'timeout' is a number of milliseconds");
  return Math.min(Number(timeout), 2 ** 31 - 1);
}

/** A token of the future, from before a restart, counts as the present. */
function sinceOf(ask: Ask, store: Store): number | undefined {
  const since = ask.req.query("since");
  if (since === undefined) return undefined;
  if (!/^s\d+$/.test(since))
    throw new MatrixError(400, "M_UNKNOWN", "'since' is not a token of this homeserver");
  return Math.min(Number(since.slice(1)), store.position);
}
