import type { CallRef, Clock, Transport } from "../streams/contract.ts";
import { toErrorData } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import { NEGOTIATION_LIFETIME } from "./call-negotiate.ts";
import { type Call, type Effect, type Input, isSame, refOf } from "./call-state.ts";
import type { Outgoing } from "./encode.ts";
import { NEGOTIATION } from "./event-types.ts";
import { onceTxnId } from "./final-requests.ts";
import { createOutbox } from "./outbox.ts";
import { isCandidates, isDescription, isFinal, isOffer, type QueuedEvent } from "./outbox-order.ts";
import type { PendingEvent } from "./remembered.ts";
import type { Running } from "./running.ts";
import { countOf, type Story } from "./story.ts";

/** How long an event of a call that goes on is worth sending, in ms: a negotiation is good for as long. */
const SEND_TTL_MS = NEGOTIATION_LIFETIME;

/** How long a call's final event is, in ms: whoever has not heard of the end may wait as long as the outage lasts. */
const FINAL_TTL_MS = 3_600_000;

/** What happens once in a call: its transaction has a name that another engine gives it too (P30). */
const ONCE = new Set(
  ["invite", "answer", "select_answer", "reject", "hangup"].map((what) => `m.call.${what}`),
);

export interface Posting {
  /** Sends a call's event; settles as `Outbox.send` does, when the call has taken the outcome. */
  send(own: Running, effect: Extract<Effect, { type: "send" }>): Promise<void>;
  /** Sends what another engine may have sent. */
  resend(own: Running, event: PendingEvent): Promise<void>;
  /** The room has shown that the homeserver has our event: it settles as sent. */
  delivered(own: Running, effect: Extract<Effect, { type: "delivered" }>): void;
  /** The call has ended: see `Outbox.end`. */
  end(own: Running): void;
  /** The connection is back: see `Outbox.retry`. */
  retry(): void;
  /** Gives up on everything. */
  close(): void;
}

/** Sends the events of calls: names them, keeps them with their call while they are pending, and gives it the outcome. */
export function createPosting(options: {
  readonly send: Transport["send"];
  readonly clock: Clock;
  readonly random: Random;
  readonly story: Story;
  /** Gives an input to a call, if it still lives. */
  readonly give: (own: Running, input: Input) => void;
  /** Told when a letter has settled. */
  readonly remember: (own: Running) => void;
}): Posting {
  const { send, clock, random, story, give, remember } = options;
  const prefix = opaqueId(random);
  let count = 0;

  const outbox = createOutbox({
    send,
    clock,
    random,
    onSend: (sent) => story.message(sent, "sent", sent.event.type, countOf(sent.event.content)),
  });

  const txnOf = (call: Call, event: Outgoing): string => {
    if (ONCE.has(event.type)) return onceTxnId(call, event);
    count += 1;
    return `${prefix}.${count}`;
  };

  const expiryOf = ({ expiresAt }: Call, sending: { readonly event: Outgoing }): number => {
    if (isDescription(sending)) return expiresAt;
    if (isFinal(sending)) return clock.now() + FINAL_TTL_MS;
    const at = clock.now() + SEND_TTL_MS;
    // They may have to wait for their invite or answer.
    return isCandidates(sending) ? Math.max(at, expiresAt) : at;
  };

  const post = async (own: Running, pending: PendingEvent, maybeStored: boolean): Promise<void> => {
    const { what } = pending;
    const done = outbox.send(pending, maybeStored);
    own.pending.set(pending, done);
    try {
      await done;
      own.pending.delete(pending);
      give(own, { type: "sent", what });
    } catch (error) {
      own.pending.delete(pending);
      give(own, { type: "failed", what, error: toErrorData(error) });
      throw error;
    } finally {
      remember(own);
    }
  };

  return {
    send(own, { what, event }) {
      const { call } = own;
      const expiresAt = expiryOf(call, { event });
      return post(own, { what, event, txnId: txnOf(call, event), expiresAt, ...refOf(call) }, false);
    },
    resend: (own, pending) => post(own, pending, true),
    delivered({ call }, { what, negotiation }) {
      const isOurs = (event: QueuedEvent) =>
        what === "negotiate"
          ? isOffer(event) && [undefined, event.event.content[NEGOTIATION]].includes(negotiation)
          : event.event.type === `m.call.${what}`;
      outbox.delivered(call, isOurs);
    },
    end: ({ call }) => outbox.end(call),
    retry: outbox.retry,
    close: outbox.close,
  };
}

/** Settles with what happens once in a call, even in one that has ended, and is still pending. */
export async function pendingSettled(running: Iterable<Running>, ref: CallRef): Promise<void> {
  const own = [...running].filter(({ call }) => isSame(call, ref));
  const pending = own.flatMap((each) => [...each.pending]).filter(([{ event }]) => ONCE.has(event.type));
  await Promise.all(pending.map(([, done]) => done));
}
