/** Sees a phone's requests from below, in a page or in a worker: to be loaded before the phone. */
import { type Message, messageOf } from "../../src/bench/timeline.ts";
import { now } from "../browser/time.ts";

/** A call event on its way to the homeserver. */
export interface Sending {
  readonly id: string;
  readonly message: Message;
  /** Whether it tells that no more candidates will come. */
  readonly lastCandidate: boolean;
  readonly at: number;
  readonly done: boolean;
}

/** Calls `tell` as a call event leaves and again when the homeserver has it. */
export function watchRequests(tell: (sending: Sending) => void): void {
  const send = globalThis.fetch;
  globalThis.fetch = async (resource, init) => {
    const { pathname, search } = new URL(
      resource instanceof Request ? resource.url : resource,
      location.href,
    );
    const type = /\/send\/(m\.call\.\w+)\//.exec(pathname)?.[1];
    // What is only to be sent later (MSC4140) is no event yet.
    if (type === undefined || search.includes("delay=")) return send(resource, init);
    const message = messageOf(type);
    const body = typeof init?.body === "string" ? init.body : "";
    const lastCandidate = /"candidate":""|end-of-candidates/.test(body);
    const sending = { id: pathname, message, lastCandidate };
    tell({ ...sending, at: now(), done: false });
    const response = await send(resource, init);
    if (response.ok) tell({ ...sending, at: now(), done: true });
    return response;
  };
}
