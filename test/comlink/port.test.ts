import { type Observable, of, type Subscription, throwError } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { exposePort, type FarEnd, wrapPort } from "../../src/comlink/port.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { ended, watched } from "./support.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const closed = () => new TrunklineError("closed", "Enough");

function linked<T extends object>(object: T) {
  const { port1, port2 } = new MessageChannel();
  const exposing: Subscription = exposePort(port1, object);
  const far: FarEnd<T> = wrapPort<T>(port2);
  ends.push(
    () => exposing.unsubscribe(),
    () => far.end(closed()),
  );
  return { far, exposing, farPort: port1, ownPort: port2 };
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: TrunklineError) => error.code,
  );

/** What a far end has that never answers, and a stream that never emits. */
function silent() {
  const { state, stream } = watched();
  return { state, object: { never: () => new Promise<void>(() => undefined), stream } };
}

/** How a pending call and a stream of it end. */
async function pending({
  far,
  state,
}: {
  far: FarEnd<ReturnType<typeof silent>["object"]>;
  state: { total: number };
}) {
  const all = Promise.all([
    code(far.call((object) => object.never())),
    ended(far.stream((object) => object.stream)).then((error) => (error as TrunklineError).code),
  ]);
  await vi.waitUntil(() => state.total > 0);
  return { all };
}

describe("what a port exposes", () => {
  it("is called and subscribed to", async () => {
    const { far } = linked({ add: (a: number, b: number) => a + b, numbers$: of(1, 2), sum: 3 });
    expect(await far.call((object) => object.add(1, 2))).toBe(3);
    expect(await far.call((object) => object.sum)).toBe(3);
    expect(await ended(far.stream((object) => object.numbers$))).toEqual([1, 2]);
  });

  it("rejects and errors with its own errors, those without a code as unexpected", async () => {
    const { far } = linked({
      coded: () => Promise.reject(new TrunklineError("forbidden", "No")),
      uncoded: () => Promise.reject(new TypeError("not a function")),
      nothing: () => Promise.reject(undefined),
      coded$: throwError(() => new TrunklineError("not_in_room", "No")),
    });
    await expect(far.call((object) => object.coded())).rejects.toMatchObject({ code: "forbidden" });
    await expect(far.call((object) => object.uncoded())).rejects.toMatchObject({
      code: "unexpected",
      message: "not a function",
    });
    expect(await code(far.call((object) => object.nothing()))).toBe("unexpected");
    expect(await ended(far.stream((object) => object.coded$))).toMatchObject({ code: "not_in_room" });
  });

  it("rejects an argument that cannot be cloned with invalid_option, a result with unexpected, and works on", async () => {
    const { far } = linked({ take: (_: unknown) => 1, give: () => () => 2 });
    expect(await code(far.call((object) => object.take((() => 1) as never)))).toBe("invalid_option");
    expect(await code(far.call((object) => object.give()))).toBe("unexpected");
    expect(await far.call((object) => object.take(1))).toBe(1);
  });

  it("errors where there is no such method or stream, as with a worker of an older release", async () => {
    const { far } = linked({} as { added(): Promise<void>; added$: Observable<number> });
    expect(await code(far.call((object) => object.added()))).toBe("unexpected");
    expect(await ended(far.stream((object) => object.added$))).toMatchObject({ code: "unexpected" });
  });

  it("ends one stream alone with unexpected for a value that cannot be cloned", async () => {
    const { far } = linked({ bad$: of(1, () => 2), good$: of(3), one: () => 1 });
    expect(await ended(far.stream((object) => object.bad$))).toMatchObject({ code: "unexpected" });
    expect(await ended(far.stream((object) => object.good$))).toEqual([3]);
    expect(await far.call((object) => object.one())).toBe(1);
  });

  it("passes over what is no message of its own, at both ends", async () => {
    const { far, farPort, ownPort } = linked({ one: () => 1 });
    for (const message of [undefined, null, 7, "text", [], {}, { type: "GET" }, { id: 1 }, { kind: "close" }])
      for (const port of [farPort, ownPort]) port.postMessage(message);
    expect(await far.call((object) => object.one())).toBe(1);
  });
});

describe("the end of a port", () => {
  it("rejects all that is pending with worker_lost when the far end ends, and what comes after", async () => {
    const { state, object } = silent();
    const { far, exposing } = linked(object);
    const { all } = await pending({ far, state });
    exposing.unsubscribe();
    expect(await all).toEqual(["worker_lost", "worker_lost"]);
    expect(state.subscribers).toBe(0);
    expect(await code(far.call((object) => object.never()))).toBe("worker_lost");
    expect(await ended(far.stream((object) => object.stream))).toMatchObject({ code: "worker_lost" });
    expect(await ended(far.end$)).toMatchObject({ code: "worker_lost" });
  });

  it("does so where the port closes without a word", async () => {
    const { state, object } = silent();
    const { far, farPort } = linked(object);
    const { all } = await pending({ far, state });
    farPort.close();
    expect(await all).toEqual(["worker_lost", "worker_lost"]);
    await vi.waitUntil(() => state.subscribers === 0);
  });

  it("does so where the platform does not report that a port has closed", async () => {
    const { port1, port2 } = new MessageChannel();
    for (const port of [port1, port2]) {
      const { addEventListener } = port;
      port.addEventListener = ((type: string, listener: EventListener) => {
        if (type !== "close") addEventListener.call(port, type, listener);
      }) as MessagePort["addEventListener"];
    }
    const exposing = exposePort(port1, { never: () => new Promise<void>(() => undefined) });
    const far = wrapPort<{ never(): Promise<void> }>(port2);
    const call = code(far.call((object) => object.never()));
    exposing.unsubscribe();
    expect(await call).toBe("worker_lost");
  });

  it("ends all with what this end gives, and undoes at the far end what was added there, once", async () => {
    const { state, object } = silent();
    const { far, exposing } = linked(object);
    const undone = vi.fn();
    const gone = new Promise<void>((resolve) => exposing.add(resolve));
    exposing.add(undone);
    const { all } = await pending({ far, state });
    far.end(closed());
    far.end(new TrunklineError("aborted", "Too late"));
    expect(await all).toEqual(["closed", "closed"]);
    await gone;
    await vi.waitUntil(() => state.subscribers === 0);
    expect(undone).toHaveBeenCalledOnce();
    expect(await code(far.call((object) => object.never()))).toBe("closed");
  });

  it("is left to whoever knows better why, where they say so", async () => {
    const { port1, port2 } = new MessageChannel();
    const exposing = exposePort(port1, {});
    const far = wrapPort<object>(port2, (end) => end(new TrunklineError("worker_failed", "It never began")));
    exposing.unsubscribe();
    expect(await ended(far.end$)).toMatchObject({ code: "worker_failed" });
  });

  it("comes for a stream that is unsubscribed from before the far end has sent it", async () => {
    const { state, object } = silent();
    const { far } = linked({ ...object, one: () => 1 });
    far
      .stream((object) => object.stream)
      .subscribe()
      .unsubscribe();
    expect(await far.call((object) => object.one())).toBe(1);
    expect(state.total).toBe(0);
  });
});
