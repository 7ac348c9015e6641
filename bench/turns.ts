/** The sides in the order of a turn: who begins changes, so that nobody always follows the same other. */
export function inTurn<T>(sides: readonly T[], turn: number): readonly T[] {
  const first = turn % sides.length;
  return [...sides.slice(first), ...sides.slice(0, first)];
}
