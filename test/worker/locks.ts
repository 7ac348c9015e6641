/** Web Locks for runtimes without: as much of them as src/worker/locks.ts asks for, within one thread. */
type Hold = (lock: { readonly name: string } | null) => unknown;
interface Options {
  readonly signal?: AbortSignal;
  readonly steal?: boolean;
}
interface Request {
  readonly hold: Hold;
  readonly settle: (outcome: unknown) => void;
  readonly fail: (reason: unknown) => void;
}

export function createLocks() {
  const holders = new Map<string, Request>();
  const queues = new Map<string, Request[]>();

  const grant = (name: string, request: Request) => {
    holders.set(name, request);
    queueMicrotask(async () => {
      if (holders.get(name) !== request) return;
      try {
        request.settle(await request.hold({ name }));
      } catch (error) {
        request.fail(error);
      }
      if (holders.get(name) === request) next(name);
    });
  };

  const next = (name: string) => {
    const request = queues.get(name)?.shift();
    if (request) grant(name, request);
    else holders.delete(name);
  };

  const stolen = () => new DOMException("The lock was stolen", "AbortError");

  return {
    /** Names of the locks that are held. */
    held: () => [...holders.keys()],
    query: async () => ({ held: [...holders.keys()].map((name) => ({ name, clientId: "here" })) }),
    request(name: string, { signal, steal }: Options, hold: Hold): Promise<unknown> {
      return new Promise((settle, fail) => {
        const request: Request = { hold, settle, fail };
        if (steal) {
          holders.get(name)?.fail(stolen());
          return grant(name, request);
        }
        if (!holders.has(name)) return grant(name, request);
        const queue = queues.get(name) ?? [];
        queues.set(name, [...queue, request]);
        signal?.addEventListener("abort", () => {
          const waiting = queues.get(name) ?? [];
          if (!waiting.includes(request)) return;
          queues.set(
            name,
            waiting.filter((other) => other !== request),
          );
          fail(signal.reason);
        });
      });
    },
  };
}
