import type { CallRef, Clock, MilestoneName, Signal } from "../streams/contract.ts";

/** Tells what happened in calls, and when: see trace.ts. */
export interface Story {
  milestone(ref: CallRef, name: MilestoneName): void;
  message(
    ref: CallRef,
    direction: "sent" | "received" | "dropped",
    eventType: string,
    note: string | undefined,
  ): void;
}

export function createStory(emit: (signal: Signal) => void, clock: Clock): Story {
  return {
    milestone({ roomId, callId }, name) {
      emit({ type: "trace", roomId, callId, entry: { kind: "milestone", name, at: clock.now() } });
    },
    message({ roomId, callId }, direction, eventType, note) {
      const said = { kind: "message", at: clock.now(), direction, eventType } as const;
      emit({ type: "trace", roomId, callId, entry: note === undefined ? said : { note, ...said } });
    },
  };
}

/** How many candidates an event holds. */
export function countOf(candidates: unknown): string | undefined {
  return Array.isArray(candidates) ? `${candidates.length}` : undefined;
}
