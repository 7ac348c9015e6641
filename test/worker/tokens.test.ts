import { describe, expect, it, vi } from "vitest";
import type { TokenRefresh } from "../../src/streams/contract.ts";
import { singleRefresh } from "../../src/worker/tokens.ts";

describe("an app's function for a new access token", () => {
  it("is called once at a time, and again once that is done", async () => {
    let count = 0;
    const refresh = vi.fn(async () => `token ${++count}`);
    const single = singleRefresh(refresh);
    expect(await Promise.all([single(), single()])).toEqual(["token 1", "token 1"]);
    expect(await single()).toBe("token 2");
    expect(refresh).toHaveBeenCalledTimes(2);
  });

  it("is told of as each new token comes", async () => {
    const onToken = vi.fn();
    await singleRefresh(async () => "new", onToken)();
    expect(onToken.mock.calls).toEqual([["new"]]);
  });

  it.each<[string, TokenRefresh]>([
    ["nothing", async () => undefined],
    ["null", async () => null],
    ["an empty text", async () => ""],
    ["no text", (async () => ({ access_token: "t" })) as unknown as TokenRefresh],
  ])("gives none where the app's function resolves with %s", async (_, refresh) => {
    const onToken = vi.fn();
    expect(await singleRefresh(refresh, onToken)()).toBeUndefined();
    expect(onToken).not.toHaveBeenCalled();
  });

  it.each<[string, TokenRefresh]>([
    ["rejects", () => Promise.reject(new Error("offline"))],
    [
      "throws",
      () => {
        throw new Error("offline");
      },
    ],
  ])("fails as the app's function does where it %s, and can be called again", async (_, refresh) => {
    const failing = vi.fn(refresh);
    const single = singleRefresh(failing);
    await expect(single()).rejects.toThrow("offline");
    await expect(single()).rejects.toThrow("offline");
    expect(failing).toHaveBeenCalledTimes(2);
  });
});
