/** Which of the events that are queued leaves next: a pure function, so that every order can be tried. */
import type { CallRef } from "../streams/contract.ts";
import { isSame } from "./call-state.ts";
import type { Outgoing } from "./encode.ts";
import { STREAMS_CHANGED, UNSTABLE_STREAMS_CHANGED } from "./event-types.ts";

/** An event of a call, and when it is no longer worth sending. */
export interface QueuedEvent extends CallRef {
  readonly event: Outgoing;
  /** The same on each attempt, so that the homeserver stores the event once (P30). */
  readonly txnId: string;
  readonly expiresAt: number;
}

/** An event in the queue, and how its sending stands. */
export interface QueueEntry extends QueuedEvent {
  /** Of two that matter as much, the lesser goes first. */
  readonly position: number;
  /** When the attempt that is under way began; absent between attempts. */
  startedAt?: number | undefined;
  /** No attempt is made before. */
  retryAt: number;
}

/** How long an entry waits for another's attempt where that is better but not needed, in ms. */
const PATIENCE_MS = 1_000;
/** How long after a limit the next is expected, in ms: Synapse lets an event through every 5 s (P30). */
const LIMITED_FOR_MS = 10_000;

const isOfType =
  (...types: string[]) =>
  ({ event }: Pick<QueuedEvent, "event">): boolean =>
    types.includes(event.type);
export const isInvite = isOfType("m.call.invite");
export const isNegotiate = isOfType("m.call.negotiate");
/** Pointless once there is another negotiation of ours: whoever offers or answers has taken it back. */
export const isOffer = (entry: Pick<QueuedEvent, "event">): boolean =>
  isNegotiate(entry) && Object(entry.event.content.description).type === "offer";
export const isCandidates = isOfType("m.call.candidates");
export const isStreams = isOfType(STREAMS_CHANGED, UNSTABLE_STREAMS_CHANGED);
/** A call sends nothing after it. */
export const isTerminal = isOfType("m.call.hangup", "m.call.reject");
/** Worth sending though the call has ended. */
export const isFinal = isOfType("m.call.hangup", "m.call.reject", "m.call.select_answer");
export const isDescription = isOfType("m.call.invite", "m.call.answer");

/** What ends a call first, then what makes one, then what a call can do without for a while. */
const rank = (entry: QueueEntry) => (isFinal(entry) ? 0 : isCandidates(entry) || isStreams(entry) ? 2 : 1);

const byPriority = (a: QueueEntry, b: QueueEntry) => rank(a) - rank(b) || a.position - b.position;

/** Until when `entry` waits for `other`. */
function heldUntil(entry: QueueEntry, other: QueueEntry, limited: boolean): number {
  const patience = other.startedAt === undefined ? 0 : other.startedAt + PATIENCE_MS;
  if (isSame(entry, other)) {
    if (isTerminal(entry)) return isDescription(other) ? patience : 0;
    // Nothing overtakes an invite or an answer; only candidates wait for candidates.
    if (isCandidates(other) && !isCandidates(entry)) return 0;
    return patience > 0 || byPriority(other, entry) < 0 ? Number.POSITIVE_INFINITY : 0;
  }
  // Of several only one gets through a limit: they are tried one by one.
  if (limited) return isFinal(entry) ? 0 : patience;
  // A call that follows another in its room had better come after its hangup.
  return isInvite(entry) && isTerminal(other) && other.roomId === entry.roomId ? patience : 0;
}

/** Whether the homeserver limits us, or did so a while ago: then there is one order for all calls. */
const isLimited = (now: number, limitedUntil: number): boolean => now < limitedUntil + LIMITED_FOR_MS;

/** The entries that have to be compared with each other: those of a room, or all while the homeserver limits us. */
export function groupsOf<E extends QueueEntry>(
  entries: Iterable<E>,
  now: number,
  limitedUntil: number,
): Iterable<readonly E[]> {
  if (isLimited(now, limitedUntil)) return [[...entries]];
  const byRoom = new Map<string, E[]>();
  for (const entry of entries) {
    const group = byRoom.get(entry.roomId);
    if (group) group.push(entry);
    else byRoom.set(entry.roomId, [entry]);
  }
  return byRoom.values();
}

/**
 * The entry of a group to be sent now, or else when to ask again: `Infinity` where nothing changes by itself. Each call's events
 * leave in order, those of different calls side by side. `limitedUntil` is when the homeserver takes events again
 * after it has refused one for their number (P30): then, and for a while after, there is one order for all calls.
 */
export function nextEntry<E extends QueueEntry>(
  all: readonly E[],
  now: number,
  limitedUntil: number,
): E | number {
  if (now < limitedUntil) return limitedUntil;
  const limited = isLimited(now, limitedUntil);
  const queued = all.filter(({ startedAt }) => startedAt === undefined).sort(byPriority);
  let askAt = Number.POSITIVE_INFINITY;
  for (const entry of queued) {
    // What is not due need not be compared with all others: after an outage there may be hundreds.
    const freeAt =
      entry.retryAt > now
        ? entry.retryAt
        : all.reduce(
            (at, other) => (other === entry ? at : Math.max(at, heldUntil(entry, other, limited))),
            now,
          );
    if (freeAt <= now) return entry;
    askAt = Math.min(askAt, freeAt);
  }
  return askAt;
}
