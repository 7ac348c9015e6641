import { Subscription, timer } from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { CallRef, Clock, Transport } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";
import { join } from "./early-events.ts";
import type { Outgoing } from "./encode.ts";
import { STREAMS } from "./event-types.ts";
import {
  groupsOf,
  isCandidates,
  isFinal,
  isInvite,
  isNegotiate,
  isOffer,
  isStreams,
  isTerminal,
  nextEntry,
  type QueuedEvent,
  type QueueEntry,
} from "./outbox-order.ts";

/** A transport's attempt that takes longer than this, in ms, counts as failed. */
const ATTEMPT_TIMEOUT_MS = 40_000;
/**
 * The first may take no longer than this, each next one twice as long: its connection may have died with the network. So
 * long an attempt may take even where its event expires meanwhile: the homeserver may have it already.
 */
const MIN_ATTEMPT_MS = 5_000;
/** How soon after an attempt the next may follow where the connection is back, in ms. */
const MIN_RETRY_MS = 1_000;
/** From this number of entries on they are not looked at for each change. */
const MANY = 64;

export interface Outbox {
  /**
   * Resolves when the homeserver has the event, and for one that a later one supersedes. Rejects with the last error
   * of `Transport.send` where the event cannot be sent, or not in time; with `closed` on `close()`. `maybeStored`:
   * whether another engine may have sent it.
   */
  send(event: QueuedEvent, maybeStored?: boolean): Promise<void>;
  /** The call has ended: of what is queued only a hangup, a reject or a selection is sent. */
  end(call: CallRef): void;
  /** The room has shown that the homeserver has what may have been sent of these. */
  delivered(call: CallRef, is: (event: QueuedEvent) => boolean): void;
  /** The connection is back: tries at once what failed, unless the homeserver said how long to wait (P30). */
  retry(): void;
  /** Gives up on everything. */
  close(): void;
}

interface Entry extends QueueEntry {
  event: Outgoing;
  expiresAt: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: TrunklineError) => void;
  attempts: number;
  /** When the last attempt began. */
  triedAt: number;
  /** Whether the room may know of it: all but a refusal for the rate (P30) leaves that open. */
  maybeStored: boolean;
  /** No longer to be sent; its attempt may be under way. */
  superseded: boolean;
  error?: TrunklineError;
}

/**
 * What leaves for the rooms; nextEntry() decides in which order. A failed attempt is repeated until it succeeds or the
 * event is no longer worth sending. Candidates that queue up become one event, of stream changes and of offers the newest
 * remains, and the final event of a call supersedes all others that are queued. An invite that the room cannot know is taken
 * back with its hangup; one that may have arrived is not repeated, so that no phone rings for a call that is over.
 */
export function createOutbox(options: {
  readonly send: Transport["send"];
  readonly clock: Clock;
  readonly random: Random;
  /** Called for each event when it is first handed to the transport. */
  readonly onSend: (event: QueuedEvent) => void;
}): Outbox {
  const { clock, random } = options;
  const entries = new Set<Entry>();
  const byCall = new Map<string, Set<Entry>>();
  /** A homeserver limits the user, not the room. */
  let limitedUntil = Number.NEGATIVE_INFINITY;
  let position = 0;
  let wake = Subscription.EMPTY;
  let isDue = false;

  const settle = (entry: Entry, error?: TrunklineError) => {
    entries.delete(entry);
    const others = byCall.get(keyOf(entry));
    if (others?.delete(entry) && others.size === 0) byCall.delete(keyOf(entry));
    if (error) entry.reject(error);
    else entry.resolve();
  };

  const supersede = (entry: Entry) => {
    entry.superseded = true;
    if (entry.startedAt === undefined) settle(entry);
    else entry.resolve();
  };

  const ofCall = (call: CallRef): Entry[] =>
    [...(byCall.get(keyOf(call)) ?? [])].filter(({ superseded }) => !superseded);

  const failed = (entry: Entry, error: TrunklineError) => {
    entry.startedAt = undefined;
    entry.error = error;
    entry.maybeStored ||= error.code !== "rate_limited";
    entry.retryAt = clock.now() + backoff(BACKOFF_POLICY, random, entry.attempts - 1, error);
    if (error.code === "rate_limited") limitedUntil = Math.max(limitedUntil, entry.retryAt);
    if (entry.superseded) {
      settle(entry);
      if (isInvite(entry) && !entry.maybeStored)
        for (const other of ofCall(entry)) if (isTerminal(other)) supersede(other);
    } else if (!isTransient(error)) settle(entry, error);
  };

  const attempt = async (entry: Entry): Promise<void> => {
    entry.attempts += 1;
    const { attempts } = entry;
    entry.startedAt = clock.now();
    entry.triedAt = entry.startedAt;
    if (attempts === 1) options.onSend(entry);
    try {
      await options.send(entry.roomId, entry.event.type, entry.event.content, entry.txnId);
      settle(entry);
      retry();
    } catch (thrown) {
      // Unless it was given up meanwhile.
      if (entry.startedAt !== undefined && entry.attempts === attempts)
        failed(entry, toTrunklineError(thrown));
      proceed();
    }
  };

  /** Gives up what comes too late, and attempts that take too long. */
  const expire = (entry: Entry, now: number) => {
    const isIdle = entry.startedAt === undefined;
    if (Math.max(now, isIdle ? limitedUntil : now) >= expiryOf(entry))
      settle(entry, entry.error ?? notInTime(entry));
    else if (!isIdle && now >= deadlineOf(entry)) failed(entry, notInTime(entry));
  };

  const proceedNow = (): void => {
    wake.unsubscribe();
    const now = clock.now();
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const entry of entries) expire(entry, now);
    for (const group of groupsOf(entries, now, limitedUntil)) {
      let next = nextEntry(group, now, limitedUntil);
      for (; typeof next !== "number"; next = nextEntry(group, now, limitedUntil)) void attempt(next);
      wakeAt = Math.min(wakeAt, next);
    }
    for (const entry of entries) wakeAt = Math.min(wakeAt, deadlineOf(entry));
    if (entries.size > 0) wake = timer(wakeAt - now, clock).subscribe(proceedNow);
  };

  /** Where there are many entries, one look at them serves all that change in a turn. */
  const proceed = (): void => {
    if (entries.size < MANY) proceedNow();
    else if (!isDue) {
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        proceedNow();
      });
    }
  };

  const retry = () => {
    // A homeserver that said how long to wait is obeyed all the same: see limitedUntil.
    for (const entry of entries) entry.retryAt = Math.min(entry.retryAt, entry.triedAt + MIN_RETRY_MS);
    proceed();
  };

  /** Returns whether an invite is taken back of which the room knows nothing. */
  const supersedeAll = (superseded: readonly Entry[]): boolean => {
    const idle = superseded.filter(({ startedAt }) => startedAt === undefined);
    for (const entry of superseded) supersede(entry);
    return idle.some((entry) => isInvite(entry) && !entry.maybeStored);
  };

  /** Joins candidates to those of the same call that no attempt holds. */
  const merge = (event: QueuedEvent): Entry | undefined => {
    const queued = ofCall(event).find(
      (entry) => isCandidates(entry) && entry.startedAt === undefined && !entry.maybeStored,
    );
    if (!queued) return undefined;
    const candidates = [queued, event].flatMap((each) => each.event.content.candidates);
    queued.event = { ...queued.event, content: { ...queued.event.content, candidates } };
    queued.expiresAt = Math.max(queued.expiresAt, event.expiresAt);
    return queued;
  };

  return {
    send(event, maybeStored = false) {
      if (isTerminal(event) && supersedeAll(ofCall(event))) return Promise.resolve();
      const merged = isCandidates(event) ? merge(event) : undefined;
      if (merged) return merged.done;
      const outdated = ofCall(event).filter(
        (entry) =>
          (isOffer(entry) && isNegotiate(event)) ||
          (isStreams(entry) &&
            (entry.event.type === event.event.type ||
              (isNegotiate(event) && STREAMS in event.event.content))),
      );
      supersedeAll(outdated);
      // The newest takes the place of the one before, lest it wait the longer the more often it changes.
      const [before] = isStreams(event) ? outdated : [];
      position += 1;
      const entry = entryOf(event, before?.position ?? position, maybeStored);
      entries.add(entry);
      byCall.set(keyOf(entry), (byCall.get(keyOf(entry)) ?? new Set()).add(entry));
      proceed();
      return entry.done;
    },

    end(call) {
      supersedeAll(ofCall(call).filter((entry) => !isFinal(entry)));
      proceed();
    },

    delivered(call, is) {
      for (const entry of ofCall(call)) {
        if (is(entry) && (entry.attempts > 0 || entry.maybeStored)) settle(entry);
      }
      proceed();
    },

    retry,

    close() {
      for (const entry of entries) settle(entry, closed());
      proceed();
    },
  };
}

const keyOf = ({ roomId, callId }: CallRef): string => join(roomId, callId);

/** When it is given up. */
const expiryOf = ({ startedAt, expiresAt }: Entry): number =>
  startedAt === undefined ? expiresAt : Math.max(expiresAt, startedAt + MIN_ATTEMPT_MS);

/** When to look at an entry again, come what may. */
const deadlineOf = (entry: Entry): number => {
  const { startedAt = Number.POSITIVE_INFINITY, attempts } = entry;
  return Math.min(
    expiryOf(entry),
    startedAt + Math.min(ATTEMPT_TIMEOUT_MS, MIN_ATTEMPT_MS * 2 ** (attempts - 1)),
  );
};

function entryOf(event: QueuedEvent, position: number, maybeStored: boolean): Entry {
  let resolve!: Entry["resolve"];
  let reject!: Entry["reject"];
  const done = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  const start = { attempts: 0, triedAt: 0, retryAt: 0, superseded: false };
  return { ...event, ...start, position, maybeStored, done, resolve, reject };
}

const notInTime = ({ event }: QueuedEvent) =>
  new TrunklineError(
    "homeserver_unreachable",
    `The ${event.type} could not be sent in time: the homeserver does not answer, or holds back earlier events.`,
  );
const closed = () =>
  new TrunklineError("closed", "The signalling half was closed before the event was sent.");
