import { describe, expect, it, vi } from "vitest";
import { singleRefresh, type TokenRefresh } from "../../src/worker/tokens.ts";

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

  it.each<[string, TokenRefresh, string]>([
    ["rejects", () => Promise.reject(new Error("the session is over")), "the session is over"],
    ["rejects with no error", () => Promise.reject("logged out"), "logged out"],
    [
      "throws",
      () => {
        throw new Error("not even a promise");
      },
      "not even a promise",
    ],
    ["gives nothing", async () => "", "no access token"],
    ["gives no text", (async () => ({ access_token: "t" })) as unknown as TokenRefresh, "no access token"],
  ])("is unknown_token with the reason where it %s, and can be asked again", async (_, refresh, why) => {
    const failing = vi.fn(refresh);
    const single = singleRefresh(failing);
    const wanted = { code: "unknown_token", message: expect.stringContaining(why) };
    await expect(single()).rejects.toMatchObject(wanted);
    await expect(single()).rejects.toMatchObject(wanted);
    expect(failing).toHaveBeenCalledTimes(2);
  });
});
