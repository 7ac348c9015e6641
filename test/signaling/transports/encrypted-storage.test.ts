import { describe, expect, it, onTestFinished, vi } from "vitest";
import { holdStores, opened, storageError } from "../../../src/signaling/transports/encrypted-storage.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { coded } from "./scripted.ts";

const IDENTITY = { userId: "@us:hs.test", deviceId: "D" };

describe("what a failure of a device's stores means", () => {
  it.each([
    ["storage_full", new DOMException("Encountered full disk while opening backing store", "UnknownError")],
    ["storage_full", new DOMException("", "QuotaExceededError")],
    ["storage_blocked", new DOMException("Internal error opening backing store", "UnknownError")],
    ["storage_blocked", new Error("IndexedDB error: the database is closed")],
    ["storage_blocked", new DOMException("The operation is insecure", "SecurityError")],
    ["unexpected", new Error("it is not known what")],
    ["worker_failed", new TypeError("Failed to fetch")],
  ])("%s: %s", async (code, thrown) => {
    const error = await storageError(thrown);
    expect(error).toEqual(coded(code));
    expect(error.cause).toBe(thrown);
  });

  it("leaves an error that has a code as it is", async () => {
    const error = new TrunklineError("homeserver_unreachable", "");
    expect(await storageError(error)).toBe(error);
    await expect(opened(Promise.reject(error), virtualClock())).rejects.toBe(error);
  });

  it("is storage_blocked where a database does not open", async () => {
    const clock = virtualClock();
    const opening = opened(new Promise(() => {}), clock);
    opening.catch(() => {});
    await clock.advance(30_000);
    await expect(opening).rejects.toEqual(coded("storage_blocked"));
    expect(await opened(Promise.resolve(1), clock)).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("is storage_blocked where another holds them for 10 s, and waits no longer than for the lock", async () => {
    onTestFinished(() => void vi.unstubAllGlobals());
    vi.stubGlobal("indexedDB", {});
    let holder = Promise.resolve();
    const request = (_name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<void>) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        holder = holder.then(() => (signal.aborted ? undefined : hold())).then(resolve);
      });
    vi.stubGlobal("navigator", { locks: { request } });
    const clock = virtualClock();
    const release = await holdStores(IDENTITY, clock);
    expect(clock.pending).toBe(0);
    const late = holdStores(IDENTITY, clock);
    late.catch(() => {});
    await clock.advance(10_000);
    await expect(late).rejects.toEqual(coded("storage_blocked"));
    expect(clock.pending).toBe(0);
    release();
    (await holdStores(IDENTITY, clock))();
  });

  it("is storage_blocked where there is no IndexedDB", async () => {
    await expect(holdStores(IDENTITY, virtualClock())).rejects.toEqual(coded("storage_blocked"));
  });

  it("is storage_blocked where the page is not secure, and has no locks", async () => {
    onTestFinished(() => void vi.unstubAllGlobals());
    vi.stubGlobal("indexedDB", {});
    vi.stubGlobal("navigator", {});
    await expect(holdStores(IDENTITY, virtualClock())).rejects.toEqual(coded("storage_blocked"));
  });
});
