import { execFile } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expose, releaseProxy, transferHandlers, wrap } from "comlink";
import { firstValueFrom, isObservable, type Observable, of, Subject, take, throwError, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { errorHandler, observableHandler, registerHandlers } from "../../src/comlink/handlers.ts";
import { exposePort, wrapPort } from "../../src/comlink/port.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { PROTOCOL } from "../../src/streams/protocol.ts";
import { ended, watched } from "./support.ts";

registerHandlers(transferHandlers);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** What somebody else's worker exposes, with nothing of ours but the handlers. */
function exposed<T extends object>(object: T) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  expose(object, port1);
  return wrap<T>(port2);
}

/** Across a port, as a message takes it. */
async function sent<T>(value: T, transfer: readonly Transferable[] = []): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  port2.start();
  port1.postMessage(value, [...transfer]);
  const [event] = (await once(port2, "message")) as [{ data: T } | T];
  return (event as { data: T }).data ?? (event as T);
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    (value) => expect.unreachable(`resolved with ${value}`),
    (error: unknown) => error,
  );

describe("an Observable across comlink", () => {
  it("is a property, a result, and an argument", async () => {
    const worker = exposed({
      numbers$: of(1, 2, 3),
      upTo: (n: number) => of(...Array.from({ length: n }, (_, i) => i)),
      last: (source$: Observable<number>) => firstValueFrom(source$.pipe(toArray())),
    });
    const numbers$ = await worker.numbers$;
    expect(isObservable(numbers$)).toBe(true);
    expect(await ended(numbers$)).toEqual([1, 2, 3]);
    expect(await ended(await worker.upTo(2))).toEqual([0, 1]);
    // comlink's types take a stream for an object that is cloned.
    expect(await worker.last(of(4, 5) as never)).toEqual([4, 5]);
  });

  it("may be subscribed to again, during a subscription and after it", async () => {
    const source = new Subject<number>();
    const { state, stream } = watched(source);
    const stream$ = await exposed({ stream }).stream;
    const seen: unknown[] = [];
    const first = stream$.subscribe((value) => seen.push(["first", value]));
    const second = stream$.subscribe((value) => seen.push(["second", value]));
    await expect.poll(() => state.subscribers).toBe(2);
    source.next(1);
    await expect.poll(() => seen).toHaveLength(2);
    first.unsubscribe();
    second.unsubscribe();
    await expect.poll(() => state.subscribers).toBe(0);
    const third = firstValueFrom(stream$);
    await expect.poll(() => state.subscribers).toBe(1);
    source.next(2);
    expect(await third).toBe(2);
    expect([state.total, seen]).toEqual([
      3,
      [
        ["first", 1],
        ["second", 1],
      ],
    ]);
  });

  it("is not subscribed to before it is here", async () => {
    const { state, stream } = watched();
    await exposed({ stream }).stream;
    expect(state.total).toBe(0);
  });

  it("errors with invalid_option where it comes from another version", async () => {
    const [wire] = observableHandler.serialize(of(1));
    ports.push(wire.port);
    const other = observableHandler.deserialize({ ...wire, major: PROTOCOL.major + 1 });
    expect(await ended(other)).toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("different versions"),
    });
  });

  it("keeps no process of Node's alive while it only waits", async () => {
    const handlers = new URL("../../dist/comlink/index.js", import.meta.url);
    const script = `
      import { observableHandler } from ${JSON.stringify(handlers.href)};
      import { NEVER } from "rxjs";
      globalThis.kept = [observableHandler.serialize(NEVER)].map(([wire]) => observableHandler.deserialize(wire));`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
      timeout: 20_000,
    });
    expect(await run).toMatchObject({ stderr: "" });
  });

  it("is let go once nobody can subscribe to it, and what is subscribed goes on", async () => {
    const source = new Subject<number>();
    const { state, stream } = watched(source);
    const closed = vi.fn();
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const sending = exposePort(port1, { stream });
    sending.add(closed);
    const seen: number[] = [];
    const subscription = wrapPort<{ stream: Observable<number> }>(port2)
      .stream((far) => far.stream)
      .subscribe((value) => seen.push(value));
    await expect.poll(() => state.subscribers).toBe(1);
    const closes = vi.spyOn(MessagePort.prototype, "close");
    await vi.waitUntil(() => {
      collect();
      return closes.mock.calls.length > 0;
    });
    closes.mockRestore();
    await setImmediate();
    source.next(1);
    await expect.poll(() => seen).toEqual([1]);
    subscription.unsubscribe();
    await expect.poll(() => state.subscribers).toBe(0);
    expect(closed).not.toHaveBeenCalled();
  });

  it("is no error where it is only passed on, through a second port", async () => {
    const inner = exposed({ numbers$: of(1, 2) });
    const outer = exposed({ numbers: () => inner.numbers$ });
    expect(await ended((await outer.numbers()).pipe(take(2)))).toEqual([1, 2]);
  });
});

describe("a TrunklineError across comlink", () => {
  const error = () =>
    new TrunklineError("media_busy", "In use", { cause: new Error("EBUSY"), kind: "audio", retryAfter: 5 });
  const whole = {
    ...{ name: "TrunklineError", code: "media_busy", message: "In use", kind: "audio", retryAfter: 5 },
    cause: "Error: EBUSY",
  };

  it.each([
    [
      "thrown",
      () => {
        throw error();
      },
    ],
    ["rejected with", () => Promise.reject(error())],
  ])("has its code, kind and cause when it is %s", async (_, fail) => {
    const revived = await rejection(exposed({ fail }).fail() as Promise<unknown>);
    expect(revived).toBeInstanceOf(TrunklineError);
    expect(revived).toMatchObject(whole);
  });

  it("has them as a result and as an argument", async () => {
    const worker = exposed({
      make: error,
      describe: (given: TrunklineError) => `${given.code} ${given.kind}`,
    });
    expect(await worker.make()).toBeInstanceOf(TrunklineError);
    expect(await worker.make()).toMatchObject(whole);
    expect(await worker.describe(error() as never)).toBe("media_busy audio");
  });

  it("leaves other errors, and what is no error, to comlink", async () => {
    const worker = exposed({
      fail: (what: unknown) => {
        throw what === "error" ? new RangeError("too far") : what;
      },
    });
    const other = await rejection(worker.fail("error"));
    expect(other).not.toBeInstanceOf(TrunklineError);
    expect(other).toMatchObject({ name: "RangeError", message: "too far" });
    for (const value of ["text", null, { code: "forbidden" }])
      expect(await rejection(worker.fail(value))).toEqual(value);
  });

  it("is readable for a page without these handlers: its fields are on comlink's error", async () => {
    const thrown = transferHandlers.get("throw");
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const worker = wrap<{ fail(): void }>(port2);
    const answered = once(port2, "message");
    expose({ fail: () => Promise.reject(error()) }, port1);
    const asked = rejection(worker.fail());
    await answered;
    expect(await asked).toMatchObject(whole);
    expect(thrown).toBeDefined();
    const [wire] = errorHandler.serialize(error());
    expect(await sent(wire)).toEqual({ ...whole, name: undefined });
  });
});

describe("registerHandlers", () => {
  it("changes nothing when it is called again", () => {
    const before = [...transferHandlers];
    registerHandlers(transferHandlers);
    expect([...transferHandlers]).toEqual(before);
  });

  it("makes a released proxy's Observable no worse: what it has goes on", async () => {
    const worker = exposed({ broken$: throwError(() => new Error("no")) });
    const broken$ = await worker.broken$;
    worker[releaseProxy]();
    expect(await ended(broken$)).toMatchObject({ code: "unexpected" });
  });
});
