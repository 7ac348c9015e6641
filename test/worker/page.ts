/** What test/e2e/worker.test.ts runs in a page; every import of src is served from dist, as plain ES modules. */
import { firstValueFrom, lastValueFrom, toArray } from "rxjs";
import type { SignalingHalf } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { signalingSuite } from "../../src/testing/signaling-suite.ts";
import { type SpawnOptions, spawnSignaling } from "../../src/worker/spawn.ts";

export interface Ended {
  /** How `status$`, `signals$` and a pending command ended. */
  readonly codes: readonly (string | undefined)[];
  readonly message: string | undefined;
  /** How long after the cause, in ms. */
  readonly after: number;
}

export interface WorkerPage {
  /** Runs a case of the suite on two workers, made by the URL that the package itself knows. */
  suite(name: string, accounts: readonly [SpawnOptions, SpawnOptions], roomId: string): Promise<void>;
  /** Uses a worker of this script. */
  failing(script: string, options: SpawnOptions): Promise<Ended>;
  /** Terminates a running worker that has a command to answer. */
  terminated(script: string, options: SpawnOptions): Promise<Ended>;
  /** Blocks this thread for so many ms; resolves if the worker still answers afterwards. */
  blocked(ms: number, options: SpawnOptions): Promise<void>;
  /** How long n commands took to the worker and back, in ms. */
  roundTrips(n: number, options: SpawnOptions): Promise<number[]>;
}

declare global {
  var workerPage: WorkerPage;
}

const ref = { roomId: "!room:example.org", callId: "call" };

function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => "resolved",
    (error) => (error instanceof TrunklineError ? error.code : String(error)),
  );
}

/** Begins to wait before the cause, and tells how everything ended. */
async function endOf(half: SignalingHalf, cause: () => void): Promise<Ended> {
  const status = lastValueFrom(half.status$);
  const rest = [lastValueFrom(half.signals$.pipe(toArray())), half.dispatch({ ...ref, type: "place" })].map(
    codeOf,
  );
  const begin = performance.now();
  cause();
  const { error } = await status;
  const after = performance.now() - begin;
  return { codes: [error?.code, ...(await Promise.all(rest))], message: error?.message, after };
}

async function using<T>(half: SignalingHalf, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await half.close();
  }
}

globalThis.workerPage = {
  async suite(name, accounts, roomId) {
    const [alice, bob] = accounts.map(spawnSignaling) as [SignalingHalf, SignalingHalf];
    const found = signalingSuite.find((each) => each.name === name);
    await using(alice, () => using(bob, async () => found?.run({ alice, bob, roomId })));
  },

  async failing(script, options) {
    const half = spawnSignaling({ ...options, worker: () => new Worker(script, { type: "module" }) });
    return using(half, () => endOf(half, () => undefined));
  },

  async terminated(script, options) {
    const worker = new Worker(script, { type: "module" });
    const half = spawnSignaling({ ...options, worker });
    await firstValueFrom(half.iceServers$);
    return using(half, () => endOf(half, () => worker.terminate()));
  },

  async blocked(ms, options) {
    const half = spawnSignaling(options);
    await using(half, async () => {
      await half.dispatch({ ...ref, type: "place" });
      const end = performance.now() + ms;
      while (performance.now() < end);
      await half.dispatch({ ...ref, callId: "another", type: "place" });
    });
  },

  async roundTrips(n, options) {
    const half = spawnSignaling(options);
    return using(half, async () => {
      const times: number[] = [];
      for (let i = 0; i < n; i++) {
        const begin = performance.now();
        await half.dispatch({ ...ref, callId: `call${i}`, type: "place" });
        times.push(performance.now() - begin);
      }
      return times;
    });
  },
};
