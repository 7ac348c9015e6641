import { afterEach, describe, expect, it, vi } from "vitest";
import { inlineWorker } from "../../src/worker/inline.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { TrustedScriptURL } from "./trusted.ts";

const LOGIN = { homeserver: "https://example.org", accessToken: "token" };
const made: { readonly url: unknown; readonly options: object }[] = [];

afterEach(() => {
  made.length = 0;
  vi.unstubAllGlobals();
});

function stubWorker() {
  vi.stubGlobal(
    "Worker",
    class {
      constructor(url: unknown, options: object) {
        made.push({ url, options });
      }
      postMessage() {}
      terminate() {}
      addEventListener() {}
      removeEventListener() {}
    },
  );
}

describe("the script of a worker", () => {
  it.each([
    ["text", "/entry.js"] as const,
    ["a URL", new URL("https://example.org/entry.js")] as const,
    ["a TrustedScriptURL", new TrustedScriptURL("/entry.js")] as const,
  ])("may be %s, which goes to the browser as it is", async (_what, worker) => {
    stubWorker();
    const half = spawnSignaling({ ...LOGIN, worker });
    expect(made).toEqual([{ url: worker, options: { type: "module", name: "trunkline-signaling" } }]);
    expect(made[0]?.url).toBe(worker);
    await half.close();
  });

  it.each(["", {}, [], 7, null])("is not %j", (worker) => {
    stubWorker();
    expect(() => spawnSignaling({ ...LOGIN, worker: worker as never })).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining('"worker"') }),
    );
  });
});

describe("inlineWorker", () => {
  it("makes its URL by the policy trunkline, made once, where the browser knows trusted types", () => {
    stubWorker();
    const names: string[] = [];
    const createPolicy = (name: string, { createScriptURL }: { createScriptURL(url: string): string }) => {
      names.push(name);
      return { createScriptURL: (url: string) => new TrustedScriptURL(createScriptURL(url)) };
    };
    vi.stubGlobal("trustedTypes", { createPolicy });
    inlineWorker();
    inlineWorker();
    expect(names).toEqual(["trunkline"]);
    expect(made).toHaveLength(2);
    for (const { url } of made) expect(`${url}`).toMatch(/^blob:/);
    for (const { url } of made) expect(url).toBeInstanceOf(TrustedScriptURL);
  });
});
