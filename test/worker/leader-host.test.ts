import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeHub, makeLead } from "../../src/streams/channel-frames.ts";
import { hostLeader, type LeaderHost } from "../../src/worker/leader-host.ts";
import { hubLock } from "../../src/worker/locks.ts";
import { createLocks } from "./locks.ts";
import { code } from "./stand-in.ts";

const NAME = "tabs";
const hosts: LeaderHost[] = [];
let locks: ReturnType<typeof createLocks>;

beforeEach(() => {
  locks = createLocks();
  vi.stubGlobal("navigator", { locks });
});
afterEach(() => {
  for (const host of hosts.splice(0)) host.unsubscribe();
  vi.unstubAllGlobals();
});

/** A worker that is made to lead in this term. */
function worker(generation: number) {
  const posted = vi.fn();
  const close = vi.fn();
  const hub = makeHub(generation, "id");
  const host = hostLeader(
    {
      addEventListener: (_, listener) =>
        listener({ data: makeLead({ hub, name: NAME, accessToken: "token" }) }),
      removeEventListener: () => {},
      postMessage: posted,
      close,
    },
    () => {},
  );
  hosts.push(host);
  return { host, posted, close, lock: hubLock(NAME, hub) };
}

const leads = ({ posted }: ReturnType<typeof worker>) =>
  vi.waitFor(() => expect(posted).toHaveBeenCalledOnce());

it("a worker that leads takes the lock of one before it, which stands still, and that makes no request any more", async () => {
  const first = worker(1);
  await leads(first);
  await first.host.permit();
  const second = worker(2);
  await leads(second);
  expect(locks.held()).toEqual([second.lock]);
  expect(await code(first.host.permit())).toBe("worker_lost");
  expect(first.close).toHaveBeenCalled();
  await second.host.permit();
  expect(second.close).not.toHaveBeenCalled();
});

it("a worker that comes to lead after a later one ends, and harms nobody", async () => {
  const later = worker(2);
  await leads(later);
  const late = worker(1);
  await vi.waitFor(() => expect(late.close).toHaveBeenCalled());
  await setImmediate();
  expect(late.posted).not.toHaveBeenCalled();
  await later.host.permit();
});

it("a worker that never led may do what it likes", async () => {
  const host = hostLeader(
    { addEventListener() {}, removeEventListener() {}, postMessage() {}, close() {} },
    () => {},
  );
  hosts.push(host);
  await host.permit();
});
