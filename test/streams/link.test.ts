import {
  firstValueFrom,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  Subscription,
  throwError,
  toArray,
} from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TrunklineError } from "../../src/streams/errors.ts";
import { type PortLike, type RemoteStreams, remoteStreams, serveStreams } from "../../src/streams/link.ts";
import { named } from "../../src/streams/protocol.ts";

const ends: { unsubscribe(): void }[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.unsubscribe();
});

/** Streams served at one end of a real channel and read at the other. */
function linked(streams: Record<string, Observable<unknown>>) {
  const { port1, port2 } = new MessageChannel();
  const serving = serveStreams(port1, streams);
  const remote = remoteStreams(port2);
  ends.push(serving, new Subscription(() => remote.close()));
  return { serving, remote, serverPort: port1, clientPort: port2 };
}

/** A stream, and how often it is subscribed now. */
function watched(source: Observable<unknown> = NEVER) {
  const state = { subscribers: 0, total: 0 };
  const stream = new Observable((subscriber) => {
    state.subscribers++;
    state.total++;
    subscriber.add(() => state.subscribers--);
    return source.subscribe(subscriber);
  });
  return { state, stream };
}

const ended = (stream: Observable<unknown>) =>
  firstValueFrom(stream.pipe(toArray())).then(
    (values) => values,
    (error: TrunklineError) => error,
  );

/** Resolves once everything posted before has arrived. */
const settled = (remote: RemoteStreams) => ended(remote.stream("nothing by this name"));

describe("link over a MessageChannel", () => {
  it("carries values in order and completes, also what is emitted while subscribing", async () => {
    const { remote } = linked({ numbers: range(1, 100) });
    expect(await ended(remote.stream("numbers"))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it("revives an error with code, message, retryAfter and cause", async () => {
    const cause = new TypeError("fetch failed");
    const error = new TrunklineError("rate_limited", "Slow down", { cause, retryAfter: 1500 });
    const { remote } = linked({ broken: throwError(() => error) });
    const revived = await ended(remote.stream("broken"));
    expect(revived).toBeInstanceOf(TrunklineError);
    expect(revived).toMatchObject({
      code: "rate_limited",
      message: "Slow down",
      retryAfter: 1500,
      cause: "TypeError: fetch failed",
    });
  });

  it("gives each subscriber a subscription of its own", async () => {
    const source = new Subject();
    const { state, stream } = watched(source);
    const { remote } = linked({ source: stream });
    const seen: unknown[] = [];
    const first = remote.stream("source").subscribe((value) => seen.push(["first", value]));
    const second = remote.stream("source").subscribe((value) => seen.push(["second", value]));
    ends.unshift(second);
    await settled(remote);
    source.next(1);
    await settled(remote);
    first.unsubscribe();
    await settled(remote);
    expect(state.subscribers).toBe(1);
    source.next(2);
    await settled(remote);
    expect(seen).toEqual([
      ["first", 1],
      ["second", 1],
      ["second", 2],
    ]);
  });

  it("forgets a subscription that ended by itself", async () => {
    const { remote, clientPort } = linked({ one: of(1) });
    const post = vi.spyOn(clientPort, "postMessage");
    await ended(remote.stream("one"));
    expect(post.mock.calls.map(([message]) => (message as { kind: string }).kind)).toEqual(["subscribe"]);
  });

  it("answers an unknown name with invalid_option, inherited names too", async () => {
    const { remote } = linked({});
    expect(await ended(remote.stream("toString"))).toMatchObject({ code: "invalid_option" });
  });

  it("turns a value that cannot be cloned into an error of that stream alone", async () => {
    const { state, stream } = watched(of(1, () => undefined, 3));
    const other = new Subject();
    const { remote } = linked({ bad: stream, other });
    const alive = ended(remote.stream("other"));
    const seen: unknown[] = [];
    const bad = new Promise((resolve) => {
      remote.stream("bad").subscribe({ next: (value) => seen.push(value), error: resolve });
    });
    expect(await bad).toMatchObject({ code: "unexpected", message: expect.stringContaining('"bad"') });
    expect(seen).toEqual([1]);
    expect(state.subscribers).toBe(0);
    other.next(2);
    other.complete();
    expect(await alive).toEqual([2]);
  });

  it("stops a source that emits in a loop at the first value that cannot be cloned", async () => {
    let emitted = 0;
    const endless = new Observable((subscriber) => {
      while (!subscriber.closed && emitted < 1_000)
        subscriber.next(emitted++ < 3 ? emitted : Symbol("not cloneable"));
    });
    const { remote } = linked({ endless });
    expect(await ended(remote.stream("endless"))).toMatchObject({ code: "unexpected" });
    expect(emitted).toBe(4);
  });

  it("passes over foreign and malformed messages, on both sides", async () => {
    const { remote, serverPort, clientPort } = linked({ numbers: of(1, 2) });
    const foreign = [
      undefined,
      null,
      7,
      "subscribe",
      [],
      {},
      { kind: "close" },
      { link: "other", kind: "close" },
      { link: named("link") },
      { link: named("link"), kind: "subscribe", id: 1 },
      { link: named("link"), kind: "subscribe", id: "1", name: "numbers" },
      { link: named("link"), kind: "error", id: 1, error: "text" },
      { link: named("link"), kind: "next", value: 5 },
      { link: named("link"), kind: "unsubscribe", id: 99 },
      { link: named("link"), kind: "complete", id: 99 },
    ];
    for (const message of foreign) {
      serverPort.postMessage(message);
      clientPort.postMessage(message);
    }
    expect(await ended(remote.stream("numbers"))).toEqual([1, 2]);
  });

  it("serves an id once, however often it is asked for", async () => {
    const { state, stream } = watched();
    const { remote, clientPort } = linked({ source: stream });
    for (let i = 0; i < 3; i++) {
      clientPort.postMessage({ link: named("link"), kind: "subscribe", id: 77, name: "source" });
    }
    await settled(remote);
    expect(state.total).toBe(1);
  });

  it("ends everything with worker_lost when the serving side ends", async () => {
    const { state, stream } = watched();
    const { remote, serving } = linked({ a: stream, b: stream });
    const both = Promise.all([ended(remote.stream("a")), ended(remote.stream("b"))]);
    await settled(remote);
    serving.unsubscribe();
    expect((await both).map((error) => (error as TrunklineError).code)).toEqual([
      "worker_lost",
      "worker_lost",
    ]);
    expect(state.subscribers).toBe(0);
    expect(await ended(remote.stream("a"))).toMatchObject({ code: "worker_lost" });
  });

  it("ends everything with worker_lost when the port closes without a word", async () => {
    const { remote, serverPort } = linked({ a: NEVER });
    const lost = ended(remote.stream("a"));
    await settled(remote);
    serverPort.close();
    expect(await lost).toMatchObject({ code: "worker_lost" });
  });

  it("ends everything on the serving side when the reading side closes, and what was added to it", async () => {
    const { state, stream } = watched();
    const { remote, serving } = linked({ a: stream });
    const gone = new Promise<void>((resolve) => serving.add(resolve));
    const closed = ended(remote.stream("a"));
    await settled(remote);
    remote.close();
    remote.close();
    expect(await closed).toMatchObject({ code: "closed" });
    await gone;
    expect(state.subscribers).toBe(0);
    expect(await ended(remote.stream("a"))).toMatchObject({ code: "closed" });
  });

  it("lets no listener outlive it", async () => {
    const { port1, port2 } = new MessageChannel();
    const added: unknown[] = [];
    for (const port of [port1, port2]) {
      const { addEventListener, removeEventListener } = port;
      port.addEventListener = ((type: string, listener: EventListener) => {
        added.push(listener);
        addEventListener.call(port, type, listener);
      }) as MessagePort["addEventListener"];
      port.removeEventListener = ((type: string, listener: EventListener) => {
        added.splice(added.indexOf(listener), 1);
        removeEventListener.call(port, type, listener);
      }) as MessagePort["removeEventListener"];
    }
    const serving = serveStreams(port1, {});
    const remote = remoteStreams(port2);
    const gone = new Promise<void>((resolve) => serving.add(resolve));
    remote.close();
    await gone;
    expect(added).toEqual([]);
  });
});

/** Two ports of a channel on which a message takes one frame. */
function virtualChannel(scheduler: TestScheduler): [PortLike, PortLike] {
  const ears = [new Set<Parameters<PortLike["addEventListener"]>[1]>(), new Set<never>()] as const;
  const port = (own: number): PortLike => ({
    postMessage: (data) => {
      const copy = structuredClone(data);
      scheduler.schedule(() => {
        for (const hear of ears[1 - own] ?? []) (hear as (event: { data: unknown }) => void)({ data: copy });
      }, 1);
    },
    addEventListener: (type, listener) => type === "message" && ears[own]?.add(listener as never),
    removeEventListener: (_, listener) => ears[own]?.delete(listener as never),
    start: () => undefined,
    close: () => undefined,
  });
  return [port(0), port(1)];
}

describe("link in marbles, one frame a message", () => {
  const run = (
    test: (helpers: Parameters<Parameters<TestScheduler["run"]>[0]>[0], remote: Linked) => void,
  ) => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run((helpers) => {
      const [server, client] = virtualChannel(scheduler);
      test(helpers, (streams) => {
        const serving = serveStreams(server, streams);
        return { serving, ...remoteStreams(client) };
      });
    });
  };
  type Linked = (
    streams: Record<string, Observable<unknown>>,
  ) => RemoteStreams & { readonly serving: Subscription };

  it("is one frame behind in either direction", () => {
    run(({ hot, expectObservable, expectSubscriptions }, link) => {
      const source = hot("   --a-b-c-d|");
      const unsub = "        ------!  ";
      const subs = "         -^-----!  ";
      const expected = "     ---a-b    ";
      expectObservable(link({ source }).stream("source"), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it("keeps what is emitted together together, and in order", () => {
    run(({ cold, expectObservable }, link) => {
      const source = cold("  (abc|)   ");
      const expected = "     --(abc|) ";
      expectObservable(link({ source }).stream("source")).toBe(expected);
    });
  });

  it("ends the subscription there with the error it gives here", () => {
    run(({ cold, expectObservable, expectSubscriptions }, link) => {
      const error = new TrunklineError("server_error", "500", { cause: "down" });
      const source = cold("  -a#     ", undefined, error);
      const subs = "         -^-!    ";
      const expected = "     ---a#   ";
      expectObservable(link({ source }).stream("source")).toBe(expected, undefined, error);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it("tells of the end of either side where the platform tells of no port's closing", () => {
    run(({ hot, cold, expectObservable, expectSubscriptions }, link) => {
      const lost = new TrunklineError("worker_lost", "The far end of the port is gone");
      const source = hot("   -----a  ");
      const end = cold("     ---e    ");
      const subs = "         -^-!    ";
      const expected = "     ----#   ";
      const { stream, serving } = link({ source });
      end.subscribe(() => serving.unsubscribe());
      expectObservable(stream("source")).toBe(expected, undefined, lost);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    run(({ hot, cold, expectObservable, expectSubscriptions }, link) => {
      const closed = new TrunklineError("closed", "The link was closed on this side");
      const source = hot("   -----a  ");
      const end = cold("     ---e    ");
      const subs = "         -^--!   ";
      const expected = "     ---#    ";
      const { stream, close } = link({ source });
      end.subscribe(close);
      expectObservable(stream("source")).toBe(expected, undefined, closed);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });
});
