/** A page that the browser freezes: the tab that leads lets another one lead, and no tab is without an engine. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Leadership } from "../../../src/worker/leader.ts";
import { hold, leaderLock } from "../../../src/worker/locks.ts";
import { createLocks } from "../../worker/locks.ts";
import { page } from "../page-events.ts";

let locks: ReturnType<typeof createLocks>;
let name: string;
const leaderships: Leadership[] = [];

beforeEach(() => {
  locks = createLocks();
  vi.stubGlobal("navigator", { locks });
  name = crypto.randomUUID();
});
afterEach(() => {
  for (const leadership of leaderships.splice(0)) leadership.close();
  vi.unstubAllGlobals();
});

/** A tab in this document. */
async function openTab() {
  const leadership = new Leadership({
    name,
    tab: crypto.randomUUID(),
    accessToken: "token",
    makeWorker: () => expect.unreachable("nobody connects"),
  });
  leaderships.push(leadership);
  await vi.waitFor(() => expect(locks.held()).toContain(leaderLock(name)));
  return leadership;
}

/** A tab of another page, which waits to lead. */
function waitToLead() {
  const leads = vi.fn();
  const waiting = hold(leaderLock(name)).subscribe(leads);
  return { leads, yield: () => waiting.unsubscribe() };
}

describe("a page that is frozen", () => {
  it("lets another tab lead, and leads again once it goes on and that one is gone", async () => {
    await openTab();
    const other = waitToLead();
    page.freeze();
    await vi.waitFor(() => expect(other.leads).toHaveBeenCalledTimes(1));
    page.resume();
    const third = waitToLead();
    other.yield();
    await vi.waitFor(() => expect(locks.held()).toEqual([leaderLock(name)]));
    // The page was first in line.
    expect(third.leads).not.toHaveBeenCalled();
    page.freeze();
    await vi.waitFor(() => expect(third.leads).toHaveBeenCalledTimes(1));
    third.yield();
  });

  it("does not lead where it goes on after it was closed, and leaves no listener", async () => {
    const added = vi.spyOn(document, "addEventListener");
    const removed = vi.spyOn(document, "removeEventListener");
    const leadership = await openTab();
    page.freeze();
    leadership.close();
    page.resume();
    await vi.waitFor(() => expect(locks.held()).toEqual([]));
    const types = (calls: readonly unknown[][]) => calls.map(([type]) => type).sort();
    expect(types(added.mock.calls)).toEqual(["freeze", "resume"]);
    expect(types(removed.mock.calls)).toEqual(["freeze", "resume"]);
  });
});
