import { filter, firstValueFrom, NEVER, ReplaySubject, Subject, startWith, take, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { wrapPort } from "../../src/comlink/port.ts";
import { remoteTransport } from "../../src/comlink/transport.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type {
  EventBatch,
  Signal,
  SignalingHalf,
  TokenRefresh,
  Transport,
} from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { localSignaling } from "../../src/worker/local.ts";
import { type SignalingOptions, type SpawnOptions, spawnSignaling } from "../../src/worker/spawn.ts";
import { CALL, code, type InlineWorker, inlineWorker } from "./stand-in.ts";

const LOGIN = { homeserver: "https://example.org", accessToken: "token" };
const open: SignalingHalf[] = [];
afterEach(() => Promise.all(open.splice(0).map((half) => half.close())));

function keep(half: SignalingHalf): SignalingHalf {
  open.push(half);
  return half;
}

const transport = (): Transport =>
  createMemoryRooms().connect({ userId: "@alice:example.org", deviceId: "A" });

const online = (half: SignalingHalf) =>
  firstValueFrom(half.status$.pipe(filter(({ state }) => state === "online")));

describe.each<[string, (options: SpawnOptions) => SignalingHalf]>([
  ["spawnSignaling", (options) => spawnSignaling({ worker: mustNotBeMade, ...options })],
  ["localSignaling", (options) => localSignaling(options)],
])("%s", (name, make) => {
  it.each<[string, Record<string, unknown> | undefined]>([
    ["homeserver", undefined],
    ["homeserver", { homeserver: undefined }],
    ["homeserver", { homeserver: "matrix.example.org" }],
    ["homeserver", { homeserver: "ftp://example.org" }],
    ["homeserver", { homeserver: "https://" }],
    ["accessToken", { accessToken: "" }],
    ["accessToken", { accessToken: 7 }],
    ["userId", { userId: "alice" }],
    ["userId", { userId: 7 }],
    ["deviceId", { deviceId: "" }],
    ["tokenRefresh", { tokenRefresh: "token" }],
    ["transport", { transport: "matrix", homeserver: undefined, accessToken: undefined }],
    ["transport", { transport: null, homeserver: undefined, accessToken: undefined }],
    [
      "transport",
      { transport: { ...transport(), send: undefined }, homeserver: undefined, accessToken: undefined },
    ],
    ["homeserver", { transport: transport() }],
    [
      "tokenRefresh",
      { transport: transport(), homeserver: undefined, accessToken: undefined, tokenRefresh: () => "t" },
    ],
  ])("throws invalid_option at once, naming %s: %o", (wrong, bad) => {
    const options = (bad && { ...LOGIN, ...bad }) as unknown as SignalingOptions;
    expect(() => make(options)).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(new RegExp(`^${name}: "${wrong}" must be`)),
      }),
    );
  });
});

describe("spawnSignaling", () => {
  it.each([["entry.js"], [null], [undefined]])("throws invalid_option for the worker %o", (worker) => {
    const spawning = () => spawnSignaling({ ...LOGIN, worker } as unknown as SpawnOptions);
    expect(spawning).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining('"worker"') }),
    );
  });

  it("sends the login to the worker, and nothing else of the options", async () => {
    const worker = inlineWorker();
    const extra = { logger: () => "cannot be cloned" };
    const half = keep(spawnSignaling({ ...LOGIN, ...extra, worker }));
    await half.dispatch({ ...CALL, type: "place" });
    expect(worker.started).toEqual([LOGIN]);
  });

  it("sends the policy along, with a login or a transport of the page's", async () => {
    const policy = { lifetime: 30_000 };
    const workers = [inlineWorker(), inlineWorker()] as const;
    await keep(spawnSignaling({ ...LOGIN, policy, worker: workers[0] })).dispatch({ ...CALL, type: "place" });
    await keep(spawnSignaling({ transport: transport(), policy, worker: workers[1] })).dispatch({
      ...CALL,
      type: "place",
    });
    expect(workers.map(({ started }) => started)).toEqual([[{ ...LOGIN, policy }], [{ policy }]]);
  });

  it("has the page asked for new tokens, and starts the next worker with the last", async () => {
    const workers: InlineWorker[] = [];
    const tokenRefresh = vi.fn<TokenRefresh>(async () => "newer");
    const half = keep(
      spawnSignaling({
        ...LOGIN,
        tokenRefresh,
        worker: () => {
          const worker = inlineWorker();
          workers.push(worker);
          return worker;
        },
      }),
    );
    await half.dispatch({ ...CALL, type: "place" });
    const page = workers[0]?.given[0]?.page as MessagePort;
    const remote = wrapPort<{ tokenRefresh: TokenRefresh }>(page);
    const refreshed = () => remote.call((far) => far.tokenRefresh());
    expect(await refreshed()).toBe("newer");
    tokenRefresh.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(refreshed()).rejects.toMatchObject({ code: "unexpected", message: "Failed to fetch" });
    tokenRefresh.mockRejectedValueOnce(new TrunklineError("unknown_token", "signed out"));
    await expect(refreshed()).rejects.toMatchObject({ code: "unknown_token" });
    tokenRefresh.mockResolvedValueOnce(undefined);
    expect(await refreshed()).toBeUndefined();
    workers[0]?.fail({});
    await vi.waitUntil(() => workers[1]?.started.length === 1);
    expect(workers.map(({ started }) => started)).toEqual([
      [{ ...LOGIN, tokenRefresh: true }],
      [{ ...LOGIN, accessToken: "newer", tokenRefresh: true }],
    ]);
  });
});

describe("spawnSignaling with a transport on the page", () => {
  /** An engine for the page's transport in each worker. */
  function spawn(of: Transport) {
    const workers: InlineWorker[] = [];
    const half = spawnSignaling({
      transport: of,
      worker: () => {
        const worker = inlineWorker((_, { page, memory }) =>
          createEngine({ transport: remoteTransport(page as MessagePort), ...(memory && { memory }) }),
        );
        workers.push(worker);
        return worker;
      },
    });
    return { half: keep(half), workers };
  }

  const invite = (callId: string): EventBatch => ({
    live: true,
    events: [
      {
        roomId: CALL.roomId,
        eventId: `$${callId}`,
        sender: "@bob:example.org",
        type: "m.call.invite",
        encrypted: false,
        age: 0,
        content: {
          call_id: callId,
          party_id: "B",
          version: "1",
          lifetime: 60_000,
          offer: { type: "offer", sdp: "v=0" },
        },
      },
    ],
  });

  /** A transport whose batches are ours to give. */
  function scripted() {
    const batches = new Subject<EventBatch>();
    const of: Transport = { ...transport(), batches$: batches, connected$: NEVER.pipe(startWith(true)) };
    return { batches, of };
  }

  it("reads on while there is no engine, and gives the next what came meanwhile, ringing it", async () => {
    const { batches, of } = scripted();
    const { half, workers } = spawn(of);
    const rung: Signal[] = [];
    half.signals$.pipe(filter(({ type }) => type === "incoming")).subscribe((signal) => rung.push(signal));
    await online(half);
    await vi.waitUntil(() => batches.observed);
    batches.next({ ...invite("none"), live: false, events: [] });
    workers[0]?.fail({});
    batches.next(invite("meanwhile"));
    await vi.waitUntil(() => rung.length > 0);
    expect(rung.map(({ callId }) => callId)).toEqual(["meanwhile"]);
    expect(workers).toHaveLength(2);
  });

  it("does not give the next what the last had read to its end", async () => {
    const { batches, of } = scripted();
    const read: number[][] = [];
    const workers: InlineWorker[] = [];
    const half = keep(
      spawnSignaling({
        transport: of,
        worker: () => {
          const times: number[] = [];
          read.push(times);
          const worker = inlineWorker((half, { page }) => {
            remoteTransport(page as MessagePort).batches$.subscribe({
              next({ events, position = "" }) {
                const id = Number(events[0]?.eventId);
                times.push(id);
                if (id < 3) half.memory$.next({ type: "position", position });
                else half.signals.next({ ...CALL, type: "invited" });
              },
              error: () => undefined, // its page has left it
            });
            return half;
          });
          workers.push(worker);
          return worker;
        },
      }),
    );
    const signals = new ReplaySubject<Signal>();
    half.signals$.subscribe(signals);
    await vi.waitUntil(() => batches.observed);
    for (const eventId of ["1", "2", "3"]) {
      const [event] = invite("a").events;
      batches.next({ live: true, events: event ? [{ ...event, eventId }] : [] });
    }
    await firstValueFrom(signals);
    workers[0]?.fail({});
    await firstValueFrom(signals.pipe(take(2), toArray()));
    expect(read).toEqual([[1, 2, 3], [3]]);
  });

  it("leaves the transport on close()", async () => {
    const { batches, of } = scripted();
    const { half } = spawn(of);
    half.signals$.subscribe();
    await vi.waitUntil(() => batches.observed);
    await half.close();
    expect(batches.observed).toBe(false);
  });

  it("ends with the transport's error, and leaves it", async () => {
    const { half } = spawn({ ...transport(), identity: () => Promise.reject(new Error("no such client")) });
    expect(await code(firstValueFrom(half.signals$))).toBe("unexpected");
    expect((await firstValueFrom(half.status$)).error?.message).toContain("no such client");
  });
});

describe("localSignaling", () => {
  it("runs an engine over the transport given", async () => {
    const half = keep(localSignaling({ transport: transport() }));
    half.signals$.subscribe();
    expect((await online(half)).identity).toEqual({ userId: "@alice:example.org", deviceId: "A" });
  });

  it("speaks to the homeserver of the login", async () => {
    const half = keep(localSignaling({ ...LOGIN, homeserver: "http://127.0.0.1:1" }));
    const { error } = await firstValueFrom(half.status$.pipe(filter(({ error }) => error !== undefined)));
    expect(error?.code).toBe("homeserver_unreachable");
  });
});

function mustNotBeMade(): never {
  throw new Error("must not be made");
}
