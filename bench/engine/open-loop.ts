export interface OpenLoop {
  /** How much is offered in a second, whatever becomes of it. */
  readonly rate: number;
  readonly count: number;
  readonly work: (index: number) => void;
  /** In ms. */
  readonly now: () => number;
  /** Lets timers and promises have their turn. */
  readonly turn: () => Promise<void>;
}

/**
 * Offers work at a fixed rate, and resolves with how long after the moment it was due each piece was done, in ms. What
 * stands in line behind something slow counts its wait: timed from its own beginning only, a stall would show once
 * and the thousand that waited for it not at all.
 */
export async function openLoop({ rate, count, work, now, turn }: OpenLoop): Promise<number[]> {
  const latencies: number[] = [];
  const begin = now();
  const due = (index: number) => begin + (index * 1_000) / rate;
  while (latencies.length < count) {
    while (latencies.length < count && due(latencies.length) <= now()) {
      const index = latencies.length;
      work(index);
      latencies.push(now() - due(index));
    }
    await turn();
  }
  return latencies;
}
