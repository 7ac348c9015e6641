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

/** What may hold candidates: an event of ours, or what was read of one of theirs. */
interface Holding {
  readonly candidates?: unknown;
  readonly offer?: unknown;
  readonly answer?: unknown;
  readonly description?: unknown;
}

/** How many candidates an event holds, in its list or inside its description; `undefined` where it has neither. */
export function countOf(event: object): string | undefined {
  const holding: Holding = event;
  // Most are of these: the rest is not looked for in them.
  if (Array.isArray(holding.candidates)) return `${holding.candidates.length}`;
  const said = holding.offer ?? holding.answer ?? holding.description;
  return said ? `${inside((said as { readonly sdp?: unknown }).sdp)}` : undefined;
}

const inside = (sdp: unknown): number => String(sdp).split("\na=candidate:").length - 1;
