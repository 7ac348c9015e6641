import { type Subscription, timer } from "rxjs";
import * as v from "valibot";
import { type App, type Ask, authenticate, type Server } from "./app.ts";
import { readBody } from "./body.ts";
import { forbidden, invalidParam, MatrixError, notFound } from "./error.ts";
import { randomText } from "./random.ts";
import type { Store } from "./store.ts";

/** The name that delayed events go by until they are in the specification (MSC4140). */
export const DELAYED_EVENTS = "org.matrix.msc4140";

/** In ms: what an administrator of Synapse has to choose. */
const LONGEST = 3_600_000;

/** Events that wait to be sent (P34). */
export interface Delayed {
  /** Has `send` called in `delay` ms; gives an id. What it refuses then, as a `MatrixError`, is dropped. */
  schedule(delay: number, send: () => void): string;
  /** Each throws `M_NOT_FOUND` for an event that does not wait, or no longer. */
  restart(id: string): void;
  cancel(id: string): void;
  send(id: string): void;
  /** Drops all that wait. */
  close(): void;
}

interface Waiting {
  readonly delay: number;
  readonly send: () => void;
  timer: Subscription;
}

export function createDelayed(store: Store): Delayed {
  const waiting = new Map<string, Waiting>();

  function take(id: string): Waiting {
    const event = waiting.get(id);
    if (!event) throw notFound("No such event waits to be sent");
    event.timer.unsubscribe();
    waiting.delete(id);
    return event;
  }

  function wait(id: string, { delay, send }: Omit<Waiting, "timer">): void {
    const expiry = timer(delay, store.clock).subscribe(() => {
      attempt(take(id).send);
      store.flush();
    });
    waiting.set(id, { delay, send, timer: expiry });
  }

  return {
    schedule(delay, send) {
      const id = `delay_${randomText(20)}`;
      wait(id, { delay, send });
      return id;
    },
    restart: (id) => wait(id, take(id)),
    cancel: (id) => void take(id),
    send: (id) => attempt(take(id).send),
    close() {
      for (const id of [...waiting.keys()]) take(id);
    },
  };
}

function attempt(send: () => void): void {
  try {
    send();
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}

const Update = v.object({ action: v.string() });

/** What becomes of a delayed event. As in Synapse, who knows its id needs no access token, but a wrong one is refused. */
export function delayedRoutes(app: App, server: Server): void {
  const { delayed } = server;
  const path = `/_matrix/client/unstable/${DELAYED_EVENTS}/delayed_events/:id`;
  const update = (ask: Ask, action: string): Response => {
    if (action !== "restart" && action !== "cancel" && action !== "send") {
      throw invalidParam("'action' is none of restart, cancel, send");
    }
    delayed[action](ask.req.param("id") ?? "");
    return ask.json({});
  };
  const admit = (ask: Ask) => {
    if (ask.req.header("Authorization") !== undefined) authenticate(ask, server);
  };
  app.post(path, async (ask) => {
    admit(ask);
    return update(ask, (await readBody(ask.req, Update)).action);
  });
  app.post(`${path}/:action`, (ask) => {
    admit(ask);
    return update(ask, ask.req.param("action"));
  });
}

/** The delay, in ms, that a request to send asks for. Throws `M_INVALID_PARAM`, or `M_FORBIDDEN` for one too long. */
export function delayOf(ask: Ask): number | undefined {
  const text = ask.req.query(`${DELAYED_EVENTS}.delay`);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw invalidParam("The delay is a number of milliseconds");
  if (Number(text) > LONGEST) throw forbidden(`The delay is longer than ${LONGEST} ms`);
  return Number(text);
}
