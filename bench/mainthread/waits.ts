/** A message to a main thread: when it was sent, and when it was heard there, in ms on one time base. */
export interface Ping {
  readonly sent: number;
  readonly received: number;
}

export interface Waits {
  /** For how long, all told, the main thread did not answer, in ms. */
  readonly blocked: number;
  /** The longest time for which it did not, in ms. */
  readonly longest: number;
}

/** A wait of less than a frame, in ms, is seen by nobody, and idle pages have them too. */
const LEAST = 16;

/**
 * For how long a main thread was blocked, from pings in the order in which they were sent. All pings that wait at the
 * same time wait for the same task: their waits are one.
 */
export function waitsOf(pings: readonly Ping[]): Waits {
  const waits: number[] = [];
  let since = Number.NEGATIVE_INFINITY;
  let until = Number.NEGATIVE_INFINITY;
  for (const { sent, received } of pings) {
    if (sent >= until) {
      waits.push(until - since);
      since = sent;
    }
    until = received;
  }
  const long = [...waits, until - since].filter((wait) => wait >= LEAST);
  return { blocked: long.reduce((sum, wait) => sum + wait, 0), longest: Math.max(0, ...long) };
}
