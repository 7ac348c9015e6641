import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { named } from "../../src/streams/protocol.ts";
import { type SharedOptions, sharedSignaling } from "../../src/worker/shared.ts";
import { createLocks } from "./locks.ts";
import { TrustedScriptURL } from "./trusted.ts";

const OPTIONS: SharedOptions = {
  homeserver: "https://example.org",
  accessToken: "token",
  userId: "@me:example.org",
  deviceId: "DEVICE",
};

afterEach(() => vi.unstubAllGlobals());

describe("sharedSignaling: options", () => {
  it.each([
    ["homeserver", "example.org"],
    ["homeserver", undefined],
    ["accessToken", ""],
    ["userId", "me"],
    ["userId", undefined],
    ["deviceId", ""],
    ["deviceId", undefined],
    ["script", 7],
    ["script", ""],
    ["script", {}],
  ])("throws invalid_option that names %s for %j", (option, value) => {
    const options = { ...OPTIONS, [option]: value } as SharedOptions;
    expect(() => sharedSignaling(options)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(`"${option}"`) }),
    );
  });

  it("throws invalid_option where there are none", () => {
    expect(() => sharedSignaling(undefined as unknown as SharedOptions)).toThrow(/homeserver/);
  });
});

describe("sharedSignaling: where tabs cannot share", () => {
  it.each([
    ["no Web Locks", { navigator: {}, SharedWorker: class {}, Worker: class {} }],
    ["neither SharedWorker nor BroadcastChannel", { Worker: class {}, BroadcastChannel: undefined }],
    ["neither SharedWorker nor Worker", {}],
  ])("throws worker_failed that names spawnSignaling: %s", (_what, globals) => {
    const platform = { navigator: { locks: createLocks() }, SharedWorker: undefined, Worker: undefined };
    for (const [name, value] of Object.entries({ ...platform, ...globals })) vi.stubGlobal(name, value);
    expect(() => sharedSignaling(OPTIONS)).toThrow(
      expect.objectContaining({
        code: "worker_failed",
        message: expect.stringContaining("Use spawnSignaling"),
      }),
    );
  });
});

describe("sharedSignaling: the worker that tabs have in common", () => {
  const made: { readonly url: unknown; readonly name: string }[] = [];
  beforeEach(() => {
    made.length = 0;
    vi.stubGlobal("navigator", { locks: createLocks() });
    vi.stubGlobal(
      "SharedWorker",
      class {
        readonly port = new MessageChannel().port1;
        constructor(url: unknown, { name }: { readonly name: string }) {
          made.push({ url, name });
        }
        addEventListener() {}
        removeEventListener() {}
      },
    );
  });

  /** The name of the worker that these options lead to. */
  async function nameOf(options: Partial<SharedOptions>): Promise<string> {
    const half = sharedSignaling({ ...OPTIONS, script: "/entry.js", ...options });
    const count = made.length;
    await vi.waitFor(() => expect(made).toHaveLength(count + 1));
    await half.close();
    return made.at(-1)?.name ?? "";
  }

  it("is made of a TrustedScriptURL as that is given, and named by the protocol's major version", async () => {
    const script = new TrustedScriptURL("/entry.js");
    const name = await nameOf({ script });
    expect(made.at(-1)?.url).toBe(script);
    expect(name).toBe(named(JSON.stringify(["https://example.org/", "@me:example.org", "DEVICE"])));
  });

  it("is the same for one device, whatever its token and however its homeserver is written", async () => {
    const names = [
      await nameOf({}),
      await nameOf({ accessToken: "new", homeserver: "HTTPS://EXAMPLE.org/" }),
    ];
    expect(new Set(names).size).toBe(1);
    expect(names[0]).not.toContain("token");
  });

  it.each([{ homeserver: "https://example.com" }, { userId: "@you:example.org" }, { deviceId: "OTHER" }])(
    "is another for another login: %o",
    async (other) => {
      expect(await nameOf(other)).not.toBe(await nameOf({}));
    },
  );
});
