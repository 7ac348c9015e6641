import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type MessagePort, Worker } from "node:worker_threads";
import { filter, firstValueFrom } from "rxjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { type SpawnOptions, spawnSignaling, type WorkerEndpoint } from "../../src/worker/spawn.ts";
import { CALL, code } from "./stand-in.ts";

const entry = new URL("../../dist/worker/entry.js", import.meta.url);
/** The entry, in a worker that does what kills it when it is told to. */
const mortal = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    await import(${JSON.stringify(entry.href)});
    parentPort.on("message", (what) => {
      if (what === "throw") throw new Error("not today");
      const full = [];
      while (what === "fill") full.push(new Array(100_000).fill(full.length + 0.5));
    });
  `)}`,
);
let homeserver: Server;
let options: SpawnOptions;
const open: SignalingHalf[] = [];
const workers: Worker[] = [];

/** A homeserver on which nothing ever happens. */
const ANSWERS: Record<string, unknown> = {
  versions: { versions: ["v1.11"] },
  "account/whoami": { user_id: "@alice:test", device_id: "A" },
  "keys/query": { device_keys: {} },
  "voip/turnServer": {},
  sync: { next_batch: "s" },
};

beforeAll(async () => {
  if (!existsSync(fileURLToPath(entry)))
    throw new Error('There is no worker bundle: run "npm run build" first');
  homeserver = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://localhost");
    const path = url.pathname.replace(/^\/_matrix\/client\/(v3\/)?/, "");
    // A sync that may wait for news waits, for there are none.
    if (path === "sync" && url.searchParams.get("timeout") !== "0") return;
    response.writeHead(path in ANSWERS ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(ANSWERS[path] ?? { errcode: "M_UNRECOGNIZED" }));
  });
  await new Promise<void>((resolve) => homeserver.listen(0, "127.0.0.1", resolve));
  const { port } = homeserver.address() as AddressInfo;
  options = { homeserver: `http://127.0.0.1:${port}`, accessToken: "token" };
});

afterEach(() => Promise.all(open.splice(0).map((half) => half.close())));
afterAll(async () => {
  homeserver?.closeAllConnections();
  await new Promise((resolve) => homeserver?.close(resolve));
});

function spawn(
  script: string | URL = entry,
  extra: ConstructorParameters<typeof Worker>[1] = {},
  more: Partial<SpawnOptions> = {},
): SignalingHalf {
  const half = spawnSignaling({
    ...options,
    ...(more as object),
    worker: () => {
      const worker = new Worker(script, extra);
      workers.push(worker);
      return worker;
    },
  });
  open.push(half);
  return half;
}

const reached = (half: SignalingHalf, state: SignalingStatus["state"]) =>
  firstValueFrom(half.status$.pipe(filter((status) => status.state === state)));

const exited = (worker: Worker) => new Promise((resolve) => worker.once("exit", resolve));

describe("the built worker in node:worker_threads", () => {
  it("comes online at a homeserver, and is terminated on close()", async () => {
    const half = spawn();
    half.signals$.subscribe();
    const { identity } = await reached(half, "online");
    expect(identity).toEqual({ userId: "@alice:test", deviceId: "A" });
    expect(await code(half.dispatch({ ...CALL, type: "reject" }))).toBe("unknown_call");
    await half.dispatch({ ...CALL, type: "place" });
    const gone = exited(workers.at(-1) as Worker);
    await half.close();
    await gone;
  });

  it.each([null, "", { lifetime: () => 5 }, { lifetime: 5n }])(
    "stops with invalid_option for the policy %o",
    async (policy) => {
      const half = spawn(entry, {}, { policy } as never);
      half.signals$.subscribe({ error: () => {} });
      const status = await firstValueFrom(half.status$.pipe(filter(({ state }) => state !== "starting")));
      expect(status).toMatchObject({ state: "stopped", error: { code: "invalid_option" } });
    },
  );

  it("answers a dispatch in well under a frame", async () => {
    const half = spawn();
    await half.dispatch({ ...CALL, type: "place" });
    const times: number[] = [];
    for (let i = 0; i < 500; i++) {
      const begin = performance.now();
      await half.dispatch({ ...CALL, callId: `call${i}`, type: "place" });
      times.push(performance.now() - begin);
    }
    const [p50 = 0, p95 = 0] = [250, 475].map((rank) => times.sort((a, b) => a - b)[rank]);
    console.log(`dispatch to a worker and back: p50 ${p50.toFixed(3)} ms, p95 ${p95.toFixed(3)} ms`);
    expect(p50).toBeLessThan(16);
  });

  it("is worker_failed, with the reason, where its script is of another version", async () => {
    const worker = new Worker(entry);
    workers.push(worker);
    const endpoint: WorkerEndpoint = {
      postMessage: (hello, ports = []) =>
        worker.postMessage(
          { ...(hello as object), protocol: { major: 1, minor: 0 } },
          ports as MessagePort[],
        ),
      on: (type, listener) => worker.on(type, listener),
      off: (type, listener) => worker.off(type, listener),
    };
    const half = spawnSignaling({ ...options, worker: endpoint });
    open.push(half);
    const status = await reached(half, "stopped");
    expect(status.error).toMatchObject({
      code: "worker_failed",
      message: expect.stringContaining("different versions of trunkline"),
    });
    expect(await code(half.dispatch({ ...CALL, type: "place" }))).toBe("worker_failed");
  });

  const lost: [string, (worker: Worker) => unknown, RegExp][] = [
    ["it is terminated", (worker) => worker.terminate(), /exited with code 1|port was closed/],
    ["it runs out of memory", (worker) => worker.postMessage("fill"), /memory|port was closed/],
    ["it throws where nobody catches", (worker) => worker.postMessage("throw"), /not today/],
  ];
  it.each(lost)("is worker_lost at once when %s, and another comes online", async (_, cause, why) => {
    const half = spawn(mortal, { resourceLimits: { maxOldGenerationSizeMb: 40 } });
    half.signals$.subscribe();
    await reached(half, "online");
    const reconnecting = reached(half, "reconnecting");
    const begin = performance.now();
    cause(workers.at(-1) as Worker);
    expect((await reconnecting).error).toMatchObject({
      code: "worker_lost",
      message: expect.stringMatching(why),
    });
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(await code(half.dispatch({ ...CALL, type: "reject" }))).toBe("worker_lost");
    await reached(half, "online");
    await half.dispatch({ ...CALL, type: "place" });
  });

  it.each([
    ["is not there", new URL("no-such-file.js", entry), {}, /no-such-file/],
    ["has a syntax error", "const = 1;", { eval: true }, /Unexpected token/],
    ["ends without a word", "", { eval: true }, /exited with code 0|port was closed/],
  ])("is worker_failed at once when its script %s", async (_, script, extra, why) => {
    const half = spawn(script, extra);
    const { error } = await reached(half, "reconnecting");
    expect(error).toMatchObject({ code: "worker_failed", message: expect.stringMatching(why) });
  });
});
