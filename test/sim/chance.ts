import type { Random } from "../../src/streams/ids.ts";

/** What a seed decides: the same seed, the same run. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  }

  readonly random: Random = () => {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647;
  };

  /** A whole number from `least` to `most`, both included. */
  within(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  happens(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }
}
