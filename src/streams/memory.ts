import type { Memory, MemoryChange } from "./contract.ts";

/** What there is to remember before an engine has said anything. */
export const NO_MEMORY: Memory = { calls: [] };

/**
 * A time that a snapshot of `at` holds, on a clock that shows `now`. Clocks begin by the wall clock, so what has passed
 * since is the difference; never less than nothing, whatever the wall clock was set to.
 */
export const rebased = (time: number, at: number, now: number): number => time + Math.min(0, now - at);

/** The memory after a change of it; one of a kind that is not known here changes nothing. */
export function remember(memory: Memory, change: MemoryChange): Memory {
  if (change.type === "position") return { ...memory, position: change.position };
  if (change.type !== "call") return memory;
  const { roomId, callId, state } = change;
  const others = memory.calls.filter((call) => call.roomId !== roomId || call.callId !== callId);
  return { ...memory, calls: state === undefined ? others : [...others, { roomId, callId, state }] };
}
