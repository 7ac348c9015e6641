/** What test/e2e/worker*.test.ts run in a page; every import of src is served from dist, as plain ES modules. */
import { filter, firstValueFrom, lastValueFrom, toArray } from "rxjs";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { signalingSuite } from "../../src/testing/signaling-suite.ts";
import { inlineWorker } from "../../src/worker/inline.ts";
import { lockReleased } from "../../src/worker/locks.ts";
import { type LoginOptions, type SpawnOptions, spawnSignaling } from "../../src/worker/spawn.ts";

/** Where a worker comes from: the URL that the package knows, its text, or a script. */
export type Source = "url" | "inline" | (string & {});

/** `terminate`: from outside. `close`, `throw` and `hang`: by the worker itself. */
export type Death = "terminate" | "close" | "throw" | "hang";

export interface Ended {
  /** How `status$`, `signals$` and a pending command ended. */
  readonly codes: readonly (string | undefined)[];
  readonly message: string | undefined;
  /** How long after the cause `status$` told of it first, and of the end, in ms. */
  readonly told: number;
  readonly after: number;
}

export interface Restarted {
  /** What became of a command that was under way, and of one that was given while there was no worker. */
  readonly codes: readonly string[];
  readonly error: SignalingStatus["error"];
  /** How long after the death, in ms, `status$` told of it, and the next worker was online. */
  readonly told: number;
  readonly online: number;
  readonly states: readonly string[];
}

export interface WorkerPage {
  /** Runs a case of the suite on two workers. */
  suite(
    name: string,
    accounts: readonly [LoginOptions, LoginOptions],
    roomId: string,
    source?: Source,
  ): Promise<void>;
  /** Runs a case of the suite on two workers, with the transports of both on this page. */
  suiteOfPage(name: string): Promise<void>;
  /** Uses a worker of this script. */
  failing(source: Source, options: LoginOptions): Promise<Ended>;
  /** Terminates a running worker, given as such, that has a command to answer. */
  terminated(script: string, options: LoginOptions): Promise<Ended>;
  /** Ends a running worker that a function made. */
  restarted(death: Death, options: LoginOptions): Promise<Restarted>;
  /** Blocks this thread for so many ms; resolves if the worker still answers afterwards, and is the same. */
  blocked(ms: number, options: LoginOptions): Promise<void>;
  /** Keeps a half, which `awake` asks whether it was lost. */
  keep(options: LoginOptions): Promise<void>;
  awake(): Promise<readonly string[]>;
  /** How long n commands took to the worker and back, in ms. */
  roundTrips(n: number, options: LoginOptions): Promise<number[]>;
  /** Whether a lock that nobody holds is taken for one that was let go. */
  mistakesLock(): Promise<boolean>;
}

declare global {
  var workerPage: WorkerPage;
}

const ref = { roomId: "!room:example.org", callId: "call" };

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "resolved",
    (error) => (error instanceof TrunklineError ? error.code : String(error)),
  );
}

const spawnFrom = (source: Source, options: LoginOptions): SignalingHalf => {
  if (source === "url") return spawnSignaling(options);
  if (source === "inline") return spawnSignaling({ ...options, worker: inlineWorker });
  return spawnSignaling({ ...options, worker: () => new Worker(source, { type: "module" }) });
};

const reached = (half: SignalingHalf, state: SignalingStatus["state"]) =>
  firstValueFrom(half.status$.pipe(filter((status) => status.state === state)));

/** Begins to wait before the cause, and tells how everything ended. */
async function endOf(half: SignalingHalf, cause: () => void): Promise<Ended> {
  const first = firstValueFrom(half.status$.pipe(filter(({ error }) => error !== undefined)));
  const status = lastValueFrom(half.status$);
  const rest = [lastValueFrom(half.signals$.pipe(toArray())), half.dispatch({ ...ref, type: "place" })].map(
    codeOf,
  );
  const begin = performance.now();
  cause();
  await first;
  const told = performance.now() - begin;
  const { error } = await status;
  const after = performance.now() - begin;
  return { codes: [error?.code, ...(await Promise.all(rest))], message: error?.message, told, after };
}

async function using<T>(half: SignalingHalf, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await half.close();
  }
}

async function runCase(name: string, [alice, bob]: readonly SignalingHalf[], roomId: string): Promise<void> {
  const found = signalingSuite.find((each) => each.name === name);
  if (!found || !alice || !bob) throw new Error(`There is no case "${name}"`);
  await using(alice, () => using(bob, () => found.run({ alice, bob, roomId })));
}

let kept: { readonly half: SignalingHalf; readonly states: string[] };

globalThis.workerPage = {
  suite: (name, accounts, roomId, source = "url") =>
    runCase(
      name,
      accounts.map((account) => spawnFrom(source, account)),
      roomId,
    ),

  async suiteOfPage(name) {
    const rooms = createMemoryRooms();
    const halves = ["alice", "bob"].map((user) => {
      const userId = `@${user}:example.org`;
      rooms.join(ref.roomId, userId);
      return spawnSignaling({ transport: rooms.connect({ userId, deviceId: user }) } satisfies SpawnOptions);
    });
    await runCase(name, halves, ref.roomId);
  },

  async failing(source, options) {
    const half = spawnFrom(source, options);
    return using(half, () => endOf(half, () => undefined));
  },

  async terminated(script, options) {
    const worker = new Worker(script, { type: "module" });
    const half = spawnSignaling({ ...options, worker });
    await firstValueFrom(half.iceServers$);
    return using(half, () => endOf(half, () => worker.terminate()));
  },

  async restarted(death, options) {
    const workers: Worker[] = [];
    const half = spawnSignaling({
      ...options,
      worker: () => {
        const worker = new Worker("/mortal.js", { type: "module" });
        workers.push(worker);
        return worker;
      },
    });
    return using(half, async () => {
      const states: string[] = [];
      half.status$.subscribe(({ state }) => states.push(state));
      half.signals$.subscribe();
      await reached(half, "online");
      const lost = reached(half, "reconnecting");
      const begin = performance.now();
      if (death === "terminate") workers[0]?.terminate();
      else workers[0]?.postMessage(death);
      const underWay = codeOf(half.dispatch({ ...ref, type: "place" }));
      const { error } = await lost;
      const told = performance.now() - begin;
      const codes = [await underWay, await codeOf(half.dispatch({ ...ref, type: "place" }))];
      await reached(half, "online");
      const online = performance.now() - begin;
      // Another call: the first one may have been carried out, and be remembered.
      await half.dispatch({ ...ref, callId: "another", type: "place" });
      return { codes, error, told, online, states: [...states] };
    });
  },

  async blocked(ms, options) {
    await this.keep(options);
    const end = performance.now() + ms;
    while (performance.now() < end);
    const states = await this.awake();
    if (states.includes("reconnecting")) throw new Error(`taken for lost: ${states}`);
  },

  async keep(options) {
    const half = spawnSignaling(options);
    const states: string[] = [];
    half.status$.subscribe(({ state }) => states.push(state));
    half.signals$.subscribe();
    await reached(half, "online");
    kept = { half, states };
  },

  awake: () =>
    using(kept.half, async () => {
      await kept.half.dispatch({ ...ref, type: "place" });
      return [...kept.states];
    }),

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

  mistakesLock: async () => (await lastValueFrom(lockReleased("nobody's").pipe(toArray()))).length > 0,
};
