import { NEVER, Observable, of, range, type Subscription, throwError } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, it, vi } from "vitest";
import { receiveStream, sendStream } from "../../src/comlink/observable.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import type { PortLike } from "../../src/streams/port.ts";
import { ended, watched } from "./support.ts";

/** A source at the far end of a real channel for each subscription, and all the ports that were opened. */
function sent(source: Observable<unknown>) {
  const ports: MessagePort[] = [];
  const stream = receiveStream(() => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    for (const port of [port1, port2]) vi.spyOn(port, "close");
    sendStream(port2, source);
    return port1;
  });
  return { stream, ports };
}

describe("a stream over a MessageChannel", () => {
  it("carries values in order and completes, also what is emitted while subscribing", async () => {
    const { stream } = sent(range(1, 100));
    expect(await ended(stream)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it("revives an error with code, message, retryAfter, kind and cause", async () => {
    const cause = new TypeError("fetch failed");
    const error = new TrunklineError("media_denied", "No camera", { cause, retryAfter: 1500, kind: "video" });
    const revived = await ended(sent(throwError(() => error)).stream);
    expect(revived).toBeInstanceOf(TrunklineError);
    expect(revived).toMatchObject({
      ...{ code: "media_denied", message: "No camera", retryAfter: 1500, kind: "video" },
      cause: "TypeError: fetch failed",
    });
  });

  it("gives what is no TrunklineError a code", async () => {
    const revived = await ended(sent(throwError(() => new RangeError("too far"))).stream);
    expect(revived).toMatchObject({ code: "unexpected", message: "too far", cause: "RangeError: too far" });
  });

  it("ends with unexpected at the first value that cannot be cloned, and unsubscribes from a source in a loop", async () => {
    let emitted = 0;
    const endless = new Observable((subscriber) => {
      while (!subscriber.closed && emitted < 1_000)
        subscriber.next(emitted++ < 3 ? emitted : Symbol("not cloneable"));
    });
    expect(await ended(sent(endless).stream)).toMatchObject({
      code: "unexpected",
      message: expect.stringContaining("cannot be cloned"),
      cause: expect.stringContaining("DataCloneError"),
    });
    expect(emitted).toBe(4);
  });

  it.each([
    ["it completes", of(1), () => {}],
    ["it errors", throwError(() => new Error("no")), () => {}],
    ["it is unsubscribed from", NEVER, (subscription: Subscription) => subscription.unsubscribe()],
  ])("closes both ends of its port once %s", async (_, source, act) => {
    const { state, stream } = watched(source);
    const { stream: received, ports } = sent(stream);
    const closed = () =>
      Promise.all(ports.map((port) => new Promise((resolve) => port.addEventListener("close", resolve))));
    const subscription = received.subscribe({ error: () => {} });
    const all = closed();
    act(subscription);
    await all;
    // Each its own: not every platform closes the other end as well.
    expect(ports.filter(({ close }) => vi.mocked(close).mock.calls.length === 0)).toEqual([]);
    expect(state.subscribers).toBe(0);
  });

  it.each([0, 1])(
    "ends with worker_lost, and there, when end %i of its port closes without a word",
    async (i) => {
      const { state, stream } = watched();
      const { stream: received, ports } = sent(stream);
      const end = ended(received);
      ports[i]?.close();
      expect(await end).toMatchObject({ code: "worker_lost" });
      await expect.poll(() => state.subscribers).toBe(0);
    },
  );
});

/** Two ports of a channel on which a message takes one frame. */
function virtualChannel(scheduler: TestScheduler): [PortLike, PortLike] {
  type Listener = Parameters<PortLike["addEventListener"]>[1];
  const listeners = [new Set<Listener>(), new Set<Listener>()] as const;
  const port = (own: 0 | 1): PortLike => ({
    postMessage: (message) => {
      const data = structuredClone(message);
      scheduler.schedule(() => {
        for (const listener of listeners[own === 0 ? 1 : 0]) listener({ data });
      }, 1);
    },
    addEventListener: (type, listener) => type === "message" && listeners[own].add(listener),
    removeEventListener: (_, listener) => listeners[own].delete(listener),
    start: () => undefined,
    // What has been posted arrives all the same.
    close: () => undefined,
  });
  return [port(0), port(1)];
}

describe("a stream in marbles, one frame a message", () => {
  type Helpers = Parameters<Parameters<TestScheduler["run"]>[0]>[0];
  type Across = (source: Observable<unknown>) => Observable<unknown>;
  const run = (test: (helpers: Helpers, across: Across) => void) => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run((helpers) =>
      test(helpers, (source) =>
        receiveStream(() => {
          const [there, here] = virtualChannel(scheduler);
          scheduler.schedule(() => sendStream(there, source), 1);
          return here;
        }),
      ),
    );
  };

  it("is one frame behind in either direction", () => {
    run(({ hot, expectObservable, expectSubscriptions }, across) => {
      const source = hot("   --a-b-c-d|");
      const unsub = "        ------!  ";
      const subs = "         -^-----!  ";
      const expected = "     ---a-b    ";
      expectObservable(across(source), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it("keeps what is emitted together together, and in order", () => {
    run(({ cold, expectObservable }, across) => {
      const source = cold("  (abc|)   ");
      const expected = "     --(abc|) ";
      expectObservable(across(source)).toBe(expected);
    });
  });

  it("ends the subscription there with the error it gives here", () => {
    run(({ cold, expectObservable, expectSubscriptions }, across) => {
      const error = new TrunklineError("server_error", "500", { cause: "down" });
      const source = cold("  -a#     ", undefined, error);
      const subs = "         -^-!    ";
      const expected = "     ---a#   ";
      expectObservable(across(source)).toBe(expected, undefined, error);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it("subscribes there once for each subscription here", () => {
    run(({ cold, expectObservable, expectSubscriptions }, across) => {
      const source = cold("  -a-b-|    ");
      const first = "        -^-------!";
      const second = "       ---^-!    ";
      const stream = across(source);
      expectObservable(stream, first).toBe("----a-b-|");
      expectObservable(stream, second).toBe("------");
      expectSubscriptions(source.subscriptions).toBe(["--^----!", "----^-!"]);
    });
  });
});
