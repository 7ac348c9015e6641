/** Two calls that cross (P21): one user calls another while that one calls back, in the same room. */
import type { Call } from "./call-state.ts";

/**
 * Whether a call of ours and one of theirs that has just come in are meant for each other: ours awaits an answer of
 * the user who calls. Where ours names nobody, that is the room's other user; in a group room there is no such one, and
 * theirs rings beside ours.
 */
export function isGlare(ours: Call, theirs: Call, groupRoom: boolean): boolean {
  const waiting = ours.direction === "outgoing" && (ours.phase === "preparing" || ours.phase === "invited");
  if (!waiting || ours.roomId !== theirs.roomId) return false;
  const caller = theirs.peer?.userId;
  return ours.invitee === undefined ? !groupRoom && caller !== ours.us.userId : caller === ours.invitee;
}

/**
 * Whether theirs takes the place of ours: always while the peer cannot know of ours, later if its id is the lesser, and
 * no longer once ours is answered. Ids are compared code unit by code unit, as `<` does: for the ids that the
 * specification allows that is the order of ASCII, in every language.
 */
export function givesWay({ phase, callId }: Call, theirs: Call): boolean {
  if (phase === "answered") return false;
  return phase === "preparing" || theirs.callId < callId;
}

/** What becomes of their call, once the batch that brought it is read. */
export type Outcome =
  /** It gives way to one of ours. */
  | { readonly type: "outranked" }
  /** It takes the place of these. */
  | { readonly type: "replaces"; readonly ours: readonly Call[] };

/** All of ours that it crossed must give way, or theirs does: so all devices of both sides come to the same end. */
export const settleGlare = (theirs: Call, ours: readonly Call[]): Outcome =>
  ours.every((call) => givesWay(call, theirs)) ? { type: "replaces", ours } : { type: "outranked" };
