import { afterEach, describe, expect, it, vi } from "vitest";
import type { Identity } from "../../src/streams/contract.ts";
import { forgetDevice } from "../../src/worker/encrypted-forget.ts";

const DEVICE: Identity = { userId: "@us:hs.test", deviceId: "D" };
const locks = { request: (_name: string, _options: object, use: (lock: object) => unknown) => use({}) };
const refused = () => {
  throw new DOMException("The operation is insecure", "SecurityError");
};

afterEach(() => vi.unstubAllGlobals());

describe("forgetDevice", () => {
  it.each<[string, object, object | undefined]>([
    ["the browser blocks its storage", { locks }, { deleteDatabase: refused }],
    ["there is no IndexedDB", { locks }, undefined],
    ["the page is not secure, and has no locks", {}, { deleteDatabase: () => ({}) }],
  ])("rejects with storage_blocked where %s", async (_why, navigator, indexedDB) => {
    vi.stubGlobal("navigator", navigator);
    vi.stubGlobal("indexedDB", indexedDB);
    await expect(forgetDevice(DEVICE)).rejects.toMatchObject({
      name: "TrunklineError",
      code: "storage_blocked",
    });
  });
});
