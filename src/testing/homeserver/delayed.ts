import { type Subscription, timer } from "rxjs";
import * as v from "valibot";
import { type App, type Ask, authenticate, CLIENT, type Server } from "./app.ts";
import { type Json, jsonObject, readBody } from "./body.ts";
import { forbidden, invalidParam, MatrixError, notFound } from "./error.ts";
import { randomText } from "./random.ts";
import type { Store } from "./store.ts";

/** The name that delayed events had before they were in the specification (MSC4140). */
const MSC4140 = "org.matrix.msc4140";
const UNSTABLE = `/_matrix/client/unstable/${MSC4140}`;

/**
 * How a homeserver has delayed events.
 * - `merged`: the endpoints and the capability of MSC4140 as it was merged.
 * - `unstable`: the same under their unstable name, beside the older form.
 * - `parameter`: the older form alone, a parameter of `send`, as Synapse 1.160 has it, with the unstable capability.
 * - `ignored`: it advertises the older form and ignores the parameter: what is to be delayed is sent at once.
 * - `none`: not at all.
 */
export type DelayedEventsForm = "merged" | "unstable" | "parameter" | "ignored" | "none";

/** In ms: what an administrator of Synapse has to choose. */
const LONGEST = 3_600_000;

type Action = "restart" | "cancel" | "send";

/** Events that wait to be sent (P34). */
export interface Delayed {
  readonly form: DelayedEventsForm;
  /** Has `send` called in `delay` ms; gives an id. What it refuses then, as a `MatrixError`, is dropped. */
  schedule(delay: number, send: () => void): string;
  /** Throws `M_NOT_FOUND` for an event that does not wait, or no longer; 409 where it is `merged` and remembers it. */
  update(id: string, action: Action): void;
  /** Drops all that wait. */
  close(): void;
}

interface Waiting {
  readonly delay: number;
  readonly send: () => void;
  timer: Subscription;
}

export function createDelayed(store: Store, form: DelayedEventsForm = "parameter"): Delayed {
  const waiting = new Map<string, Waiting>();
  /** What became of those that wait no longer. */
  const done = new Map<string, "send" | "cancel">();

  function take(id: string, outcome?: "send" | "cancel"): Waiting {
    const event = waiting.get(id);
    if (!event) throw notFound("No such event waits to be sent");
    event.timer.unsubscribe();
    waiting.delete(id);
    if (outcome) done.set(id, outcome);
    return event;
  }

  function wait(id: string, { delay, send }: Omit<Waiting, "timer">): void {
    const expiry = timer(delay, store.clock).subscribe(() => {
      attempt(take(id, "send").send);
      store.flush();
    });
    waiting.set(id, { delay, send, timer: expiry });
  }

  return {
    form,
    schedule(delay, send) {
      const id = `delay_${randomText(20)}`;
      wait(id, { delay, send });
      return id;
    },
    update(id, action) {
      const outcome = form === "merged" ? done.get(id) : undefined;
      if (outcome === action) return;
      if (outcome) throw new MatrixError(409, "M_UNKNOWN", `It was too late to ${action} the event`);
      if (action === "restart") wait(id, take(id));
      else {
        const event = take(id, action);
        if (action === "send") attempt(event.send);
      }
    },
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

/** What `/versions` says of delayed events. */
export const delayedFeatures = ({ form }: Delayed): object =>
  form === "merged" || form === "none" ? {} : { [MSC4140]: true };

/** What `/capabilities` says of them. */
export function delayedCapabilities({ form }: Delayed): object {
  const limits = { max_delay_ms: LONGEST, max_scheduled: 100 };
  if (form === "merged") return { "m.delayed_events": limits };
  return form === "unstable" || form === "parameter" ? { [`${MSC4140}.delayed_events`]: limits } : {};
}

const Scheduled = v.object({ delay_ms: v.number(), content: jsonObject });
const Update = v.object({ action: v.string() });

/** Where an event is put to be sent later, in the merged form. */
export function schedulingPaths({ form }: Delayed): readonly string[] {
  if (form !== "merged" && form !== "unstable") return [];
  return [`${form === "merged" ? CLIENT : UNSTABLE}/rooms/:room/delayed_event/:type/:transaction`];
}

/** What is put there. Throws `M_INVALID_PARAM`, or `M_DELAY_TOO_LARGE`. */
export async function readScheduled(ask: Ask): Promise<{ content: Json; delay: number }> {
  const { delay_ms: delay, content } = await readBody(ask.req, Scheduled);
  if (delay <= 0) throw invalidParam("The delay is a positive number of milliseconds");
  if (delay > LONGEST) throw new MatrixError(400, "M_DELAY_TOO_LARGE", tooLong);
  return { content, delay };
}

/** What becomes of an event that waits. */
export function delayedRoutes(app: App, server: Server): void {
  const { delayed } = server;
  if (delayed.form === "none" || delayed.form === "ignored") return;
  const isMerged = delayed.form === "merged";
  const update = (ask: Ask, action: string): Response => {
    if (action !== "restart" && action !== "cancel" && action !== "send") {
      throw invalidParam("'action' is none of restart, cancel, send");
    }
    delayed.update(ask.req.param("id") ?? "", action);
    return ask.json({});
  };
  // Before it was merged, who knew an event's id needed no access token, but a wrong one was refused, as in Synapse.
  const admit = (ask: Ask) => {
    if (isMerged || ask.req.header("Authorization") !== undefined) authenticate(ask, server);
  };
  const path = `${isMerged ? "/_matrix/client/v1" : UNSTABLE}/delayed_events/:id`;
  app.post(`${path}/:action`, (ask) => {
    admit(ask);
    return update(ask, ask.req.param("action"));
  });
  if (isMerged) return;
  app.post(path, async (ask) => {
    admit(ask);
    return update(ask, (await readBody(ask.req, Update)).action);
  });
}

const tooLong = `The delay is longer than ${LONGEST} ms`;

/** The delay, in ms, that a request to send asks for. Throws `M_INVALID_PARAM`, or `M_FORBIDDEN` for one too long. */
export function delayOf(ask: Ask, { form }: Delayed): number | undefined {
  const text = ask.req.query(`${MSC4140}.delay`);
  if (text === undefined || (form !== "unstable" && form !== "parameter")) return undefined;
  if (!/^\d+$/.test(text)) throw invalidParam("The delay is a number of milliseconds");
  if (Number(text) > LONGEST) throw forbidden(tooLong);
  return Number(text);
}
