import { SIDES, type Side } from "../row.ts";

/** The sides in the order of a turn: who begins changes, so that nobody always follows the same other. */
export function sidesIn(turn: number): readonly Side[] {
  const first = turn % SIDES.length;
  return [...SIDES.slice(first), ...SIDES.slice(0, first)];
}
