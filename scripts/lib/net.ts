import { createServer } from "node:net";

/** A TCP port of the loopback that nobody uses at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Resolves once `ready` does so with true, asking every 100 ms. Rejects with `explain()` where that takes longer than
 * `within` ms, or where `over` says that it never will.
 */
export async function untilReady(options: {
  readonly ready: () => Promise<boolean>;
  readonly over: () => boolean;
  readonly within: number;
  readonly explain: () => string;
}): Promise<void> {
  const deadline = performance.now() + options.within;
  while (!(await options.ready().catch(() => false))) {
    if (options.over() || performance.now() > deadline) throw new Error(options.explain());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
