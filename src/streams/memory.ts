import type { Memory, MemoryChange } from "./contract.ts";

/** What there is to remember before an engine has said anything. */
export const NO_MEMORY: Memory = { calls: [] };

/** The memory after a change of it. */
export function remember(memory: Memory, change: MemoryChange): Memory {
  if (change.type === "position") return { ...memory, position: change.position };
  const { roomId, callId, state } = change;
  const others = memory.calls.filter((call) => call.roomId !== roomId || call.callId !== callId);
  return { ...memory, calls: state === undefined ? others : [...others, { roomId, callId, state }] };
}
