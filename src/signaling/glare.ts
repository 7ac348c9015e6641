/** Two calls that cross (P21): one user calls another while that one calls back, in the same room. */
import { type Call, otherUserOf } from "./call-state.ts";
import { APPLIES, isIn } from "./call-table.ts";

/**
 * Whether a call of ours and one of theirs that has just come in are meant for each other: ours awaits an answer of
 * the user who calls. Where ours names nobody, that is the room's other user; in a group room there is no such one, and
 * theirs rings beside ours.
 */
export function isGlare(ours: Call, theirs: Call, groupRoom: boolean): boolean {
  if (!isIn(APPLIES, "replaced", ours.state) || ours.roomId !== theirs.roomId) return false;
  const [caller, invitee] = [theirs, ours].map(otherUserOf);
  return invitee === undefined ? !groupRoom && caller !== ours.us.userId : caller === invitee;
}

/**
 * Whether theirs takes the place of ours: always while the peer cannot know of ours, later if its id is the lesser, and
 * no longer once ours is answered. Ids are compared code unit by code unit, as `<` does: for the ids that the
 * specification allows that is the order of ASCII, in every language.
 */
export const givesWay = ({ state, callId }: Call, theirs: Call): boolean =>
  isIn(APPLIES, "replaced", state) && (state === "preparing" || theirs.callId < callId);

/**
 * Whether theirs, once the batch that brought it is read, takes the place of those of ours that it crossed: all of them
 * must give way, or theirs does. So all devices of both sides come to the same end.
 */
export const takesPlaceOf = (theirs: Call, ours: readonly Call[]): boolean =>
  ours.every((call) => givesWay(call, theirs));
