/** Web Locks for runtimes without: as much of them as src/worker/locks.ts asks for, within one thread. */
type Hold = () => Promise<void> | void;
interface Waiting {
  readonly hold: Hold;
  readonly settle: (outcome: Promise<void> | void) => void;
}

export function createLocks() {
  const queues = new Map<string, Waiting[]>();

  const grant = (name: string) => {
    const waiting = queues.get(name)?.[0];
    if (!waiting) return queues.delete(name);
    const done = Promise.resolve(waiting.hold());
    waiting.settle(done);
    return done.then(() => {
      queues.get(name)?.shift();
      grant(name);
    });
  };

  return {
    /** Names of the locks that are held. */
    held: () => [...queues.keys()],
    async request(name: string, { signal }: { readonly signal: AbortSignal }, hold: Hold): Promise<void> {
      const queue = queues.get(name) ?? [];
      queues.set(name, queue);
      await new Promise<void>((resolve, reject) => {
        const waiting: Waiting = { hold, settle: resolve };
        queue.push(waiting);
        signal.addEventListener("abort", () => {
          const at = queue.indexOf(waiting);
          if (at < 1) return;
          queue.splice(at, 1);
          reject(signal.reason);
        });
        if (queue.length === 1) queueMicrotask(() => grant(name));
      });
    },
  };
}
