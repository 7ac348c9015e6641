import { Subscription, timer } from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { CallRef, Clock, Transport } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";
import type { Outgoing } from "./encode.ts";

/** An event of a call, and when it is no longer worth sending. */
export interface Letter extends CallRef {
  readonly event: Outgoing;
  /** The same on each attempt, so that the homeserver stores the event once (P30). */
  readonly txnId: string;
  readonly expiresAt: number;
}

export interface Outbox {
  /**
   * Resolves when the homeserver has the event, and for one that a later one made pointless. Rejects with the last
   * error of `Transport.send` where the event cannot be sent, or not in time; with `closed` on `close()`.
   */
  send(letter: Letter): Promise<void>;
  /** The room has shown that the homeserver has what was tried of this type. */
  delivered(call: CallRef, type: string): void;
  /** Gives up on everything. */
  close(): void;
}

interface Item extends Letter {
  event: Outgoing;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: TrunklineError) => void;
  attempts: number;
  inFlight: boolean;
  retryAt: number;
  error?: TrunklineError;
}

/** A room's events, as they came in. */
interface Lane {
  items: Item[];
  wake: Subscription;
}

const isInvite = (item: Item) => item.event.type === "m.call.invite";
const isCandidates = ({ event }: Letter) => event.type === "m.call.candidates";
const isLastWord = ({ event }: Letter) => event.type === "m.call.hangup" || event.type === "m.call.reject";

/**
 * What leaves for the rooms, and in which order. In a room, events go one after the other, so that nothing overtakes
 * an invite or an answer; candidates go when nothing else waits, so that nothing waits for them, and those that pile
 * up become one event. A call's last word makes its waiting candidates pointless, and an invite that was never tried
 * too. A failed attempt is repeated until it succeeds or the event is no longer worth it.
 */
export function createOutbox(options: {
  readonly send: Transport["send"];
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each event when it is first handed to the transport. */
  readonly onSend: (letter: Letter) => void;
}): Outbox {
  const { clock, random } = options;
  const lanes = new Map<string, Lane>();
  /** A homeserver limits the user, not the room: no lane sends before. */
  let limitedUntil = 0;

  const remove = (lane: Lane, item: Item) => {
    lane.items = lane.items.filter((other) => other !== item);
    if (lane.items.length === 0) lanes.delete(item.roomId);
  };

  const proceed = (lane: Lane): void => {
    lane.wake.unsubscribe();
    const next = lane.items.find((item) => !isCandidates(item)) ?? lane.items[0];
    if (!next || next.inFlight) return;
    const at = Math.max(next.retryAt, limitedUntil);
    if (Math.max(at, clock.now()) >= next.expiresAt) {
      remove(lane, next);
      next.reject(next.error ?? tooLate(next));
      proceed(lane);
    } else if (at > clock.now()) lane.wake = timer(at - clock.now(), clock).subscribe(() => proceed(lane));
    else void attempt(lane, next);
  };

  const attempt = async (lane: Lane, item: Item): Promise<void> => {
    item.inFlight = true;
    item.attempts += 1;
    if (item.attempts === 1) options.onSend(item);
    try {
      await options.send(item.roomId, item.event.type, item.event.content, item.txnId);
      remove(lane, item);
      item.resolve();
    } catch (thrown) {
      item.inFlight = false;
      item.error = toTrunklineError(thrown);
      item.retryAt = clock.now() + backoff(BACKOFF_POLICY, random, item.attempts - 1, item.error);
      if (item.error.code === "rate_limited") limitedUntil = Math.max(limitedUntil, item.retryAt);
      if (!isTransient(item.error)) {
        remove(lane, item);
        item.reject(item.error);
      }
    }
    proceed(lane);
  };

  const makePointless = (lane: Lane, items: readonly Item[]) => {
    for (const item of items) {
      remove(lane, item);
      item.resolve();
    }
  };

  /** Joins candidates to those of the same call that were not tried yet. */
  const merge = (lane: Lane, letter: Letter): Item | undefined => {
    const waiting = lane.items.find(
      (other) => isCandidates(other) && other.callId === letter.callId && other.attempts === 0,
    );
    if (!waiting) return undefined;
    const candidates = [waiting, letter].flatMap(({ event }) => event.content.candidates);
    waiting.event = { ...waiting.event, content: { ...waiting.event.content, candidates } };
    return waiting;
  };

  return {
    send(letter) {
      const lane = lanes.get(letter.roomId) ?? { items: [], wake: Subscription.EMPTY };
      const joined = isCandidates(letter) ? merge(lane, letter) : undefined;
      if (joined) return joined.done;
      const item = itemOf(letter);
      if (isLastWord(item)) {
        const idle = lane.items.filter((other) => other.callId === item.callId && !other.inFlight);
        const untold = idle.some((other) => isInvite(other) && other.attempts === 0);
        makePointless(lane, untold ? idle : idle.filter(isCandidates));
        if (untold) return Promise.resolve();
      }
      lane.items.push(item);
      lanes.set(item.roomId, lane);
      proceed(lane);
      return item.done;
    },

    delivered({ roomId, callId }, type) {
      const lane = lanes.get(roomId);
      if (!lane) return;
      for (const item of lane.items) {
        if (item.callId !== callId || item.event.type !== type || item.attempts === 0) continue;
        remove(lane, item);
        item.resolve();
      }
      proceed(lane);
    },

    close() {
      for (const lane of lanes.values()) {
        lane.wake.unsubscribe();
        for (const item of lane.items.splice(0)) {
          item.reject(
            new TrunklineError("closed", "The signalling half was closed before the event was sent."),
          );
        }
      }
      lanes.clear();
    },
  };
}

function itemOf(letter: Letter): Item {
  let resolve!: Item["resolve"];
  let reject!: Item["reject"];
  const done = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  return { done, resolve, reject, attempts: 0, inFlight: false, retryAt: 0, ...letter };
}

const tooLate = ({ event }: Letter) =>
  new TrunklineError(
    "homeserver_unreachable",
    `The ${event.type} could not be sent while it was of use: the homeserver held back earlier events for too long.`,
  );
