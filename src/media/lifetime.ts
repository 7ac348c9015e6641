import { TrunklineError, toTrunklineError } from "../streams/errors.ts";

/** How long something may go on: work in it is rejected the moment it is over. */
export class Lifetime {
  readonly #over: Promise<never>;
  #end: (error: TrunklineError) => void = () => {};
  #error: TrunklineError | undefined;

  constructor() {
    this.#over = new Promise((_, reject) => {
      this.#end = reject;
    });
    // It may end while nobody waits.
    this.#over.catch(() => {});
  }

  get ended(): boolean {
    return this.#error !== undefined;
  }

  end(error: TrunklineError): void {
    this.#error ??= error;
    this.#end(this.#error);
  }

  /** Throws once it has ended, with what ended it. */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /** Runs the work until it is done or the time is over, whichever comes first; every failure is coded. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.check();
    try {
      return await Promise.race([work(), this.#over]);
    } catch (thrown) {
      throw toTrunklineError(thrown, "media_failed");
    }
  }
}

export function closedError(): TrunklineError {
  return new TrunklineError("closed", "The call has ended.");
}
