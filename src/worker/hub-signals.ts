import type { Signal } from "../streams/contract.ts";

/** How many candidates of a call wait for a tab (P44); of more, the newest. */
const MAX_CANDIDATES = 256;

interface Waiting {
  readonly signal: Signal;
}

/**
 * Signals that wait, and one more, without what it makes superfluous: of a call that ends, only its end matters; of
 * candidates, all that there are, in one signal; of any other type, the last.
 */
export function coalesce<W extends Waiting>(waiting: readonly W[], next: W): readonly W[] {
  const { signal } = next;
  const { roomId, callId, type } = signal;
  const isOver = (other: Signal) =>
    other.roomId === roomId && other.callId === callId && (type === "ended" || other.type === type);
  const rest = waiting.filter((other) => !isOver(other.signal));
  if (signal.type !== "candidates") return [...rest, next];
  const earlier = waiting.flatMap(({ signal: other }) =>
    other.type === "candidates" && isOver(other) ? other.candidates : [],
  );
  const candidates = [...earlier, ...signal.candidates].slice(-MAX_CANDIDATES);
  return [...rest, { ...next, signal: { ...signal, candidates } }];
}

/** A signal that is sent again, `ms` after it was emitted: what it says of time has shrunk by that. */
export const later = (signal: Signal, ms: number): Signal =>
  signal.type === "incoming" ? { ...signal, remaining: Math.max(0, signal.remaining - ms) } : signal;
