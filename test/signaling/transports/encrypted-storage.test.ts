import { describe, expect, it, onTestFinished, vi } from "vitest";
import { holdStores, opened, storageError } from "../../../src/signaling/transports/encrypted-storage.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
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
    await expect(opened(Promise.reject(error))).rejects.toBe(error);
  });

  it("is storage_blocked where a database does not open", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const opening = opened(new Promise(() => {}));
    opening.catch(() => {});
    await vi.advanceTimersByTimeAsync(30_000);
    await expect(opening).rejects.toEqual(coded("storage_blocked"));
    expect(await opened(Promise.resolve(1))).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is storage_blocked where there is no IndexedDB", async () => {
    await expect(holdStores(IDENTITY)).rejects.toEqual(coded("storage_blocked"));
  });

  it("is storage_blocked where the page is not secure, and has no locks", async () => {
    onTestFinished(() => void vi.unstubAllGlobals());
    vi.stubGlobal("indexedDB", {});
    vi.stubGlobal("navigator", {});
    await expect(holdStores(IDENTITY)).rejects.toEqual(coded("storage_blocked"));
  });
});
