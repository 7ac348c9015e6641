/** Broadcast channels of tabs on one thread, each of which belongs to a process that can stand still. */
export interface Process {
  frozen: boolean;
  /** What it will do when it goes on. */
  readonly waiting: (() => void)[];
}

let current: Process | undefined;

/** Channels that are made meanwhile are this process's. */
export function within<T>(process: Process, make: () => T): T {
  const before = current;
  current = process;
  try {
    return make();
  } finally {
    current = before;
  }
}

/** The process goes on, with all that came meanwhile, in order. */
export function thaw(process: Process): void {
  process.frozen = false;
  for (const go of process.waiting.splice(0)) go();
}

export const channelsOf = (Channel: typeof BroadcastChannel) =>
  class extends Channel {
    readonly #process = current;
    #closed = false;

    override addEventListener(type: string, listener: unknown) {
      const own = this.#process;
      super.addEventListener(type, (event: Event) => {
        const go = () => within(own ?? RUNNING, () => (listener as (event: Event) => void)(event));
        if (own?.frozen) own.waiting.push(go);
        else go();
      });
    }

    override postMessage(data: unknown) {
      const own = this.#process;
      if (own?.frozen) own.waiting.push(() => this.#closed || super.postMessage(data));
      else super.postMessage(data);
    }

    /** What waits to be posted is lost, as is what a worker would have done after it has ended. */
    override close() {
      this.#closed = true;
      super.close();
    }
  };

const RUNNING: Process = { frozen: false, waiting: [] };
