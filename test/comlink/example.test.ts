import { firstValueFrom, map, skipWhile, take, toArray } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serveDirectories } from "../../examples/worker/directory.ts";
import { openDirectory, type RemoteDirectory } from "../../examples/worker/page.ts";
import { exposeDirectory, showFree, wrapDirectory } from "../../examples/worker/plain.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A worker on this thread: its scope is served as that of a real one. */
function fakeWorker() {
  const scope = new EventTarget();
  const own = new EventTarget();
  serveDirectories(scope as never);
  const terminate = vi.fn();
  const worker = Object.assign(own, {
    postMessage: (data: unknown) => scope.dispatchEvent(new MessageEvent("message", { data })),
    terminate,
  }) as unknown as Worker;
  const fail = () => own.dispatchEvent(Object.assign(new Event("error"), { message: "out of memory" }));
  return { worker, terminate, fail };
}

/** Each second, until it is done. */
async function passing<T>(promise: Promise<T>): Promise<T> {
  let done = false;
  const settled = promise.finally(() => {
    done = true;
  });
  await vi.waitUntil(() => {
    vi.advanceTimersByTime(1_000);
    return done;
  });
  return settled;
}

describe("the worker of docs/workers.md", () => {
  let directory: RemoteDirectory;
  let worker: ReturnType<typeof fakeWorker>;
  beforeEach(() => {
    worker = fakeWorker();
    directory = openDirectory(worker.worker);
  });
  afterEach(() => directory.close());

  it("answers, and emits what has changed", async () => {
    expect(await directory.add("@alice:example.org", true)).toBe(1);
    expect(await firstValueFrom(directory.free$)).toBe(1);
    const seen = firstValueFrom(
      directory.free$.pipe(
        skipWhile((free) => free < 2),
        take(2),
        toArray(),
      ),
    );
    await directory.add("@bob:example.org", true);
    expect(await passing(seen)).toEqual([2, 2]);
  });

  it("rejects with its own code", async () => {
    await expect(directory.add("bob", true)).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("ends all with worker_lost when the worker fails", async () => {
    const free = firstValueFrom(
      directory.free$.pipe(
        map(() => 0),
        skipWhile(() => true),
      ),
    );
    worker.fail();
    await expect(free).rejects.toMatchObject({ code: "worker_lost", message: "out of memory" });
    await expect(directory.add("@bob:example.org", true)).rejects.toMatchObject({ code: "worker_lost" });
  });

  it("ends with closed, and its worker with it", async () => {
    directory.close();
    expect(worker.terminate).toHaveBeenCalledOnce();
    await expect(directory.add("@bob:example.org", true)).rejects.toMatchObject({ code: "closed" });
  });
});

it("comlink alone carries the same streams and errors, with the handlers at both ends", async () => {
  const { port1, port2 } = new MessageChannel();
  exposeDirectory(port1);
  const directory = wrapDirectory(port2);
  await directory.add("@alice:example.org", true);
  const shown = new Promise((resolve) => void showFree(directory, resolve));
  expect(await shown).toBe(1);
  await expect(directory.add("bob", true)).rejects.toMatchObject({ code: "invalid_option" });
  port1.close();
});
