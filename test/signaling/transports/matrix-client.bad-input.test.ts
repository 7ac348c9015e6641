import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createClient, type MatrixClient } from "matrix-js-sdk";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../../src/signaling/engine.ts";
import { matrixClient } from "../../../src/signaling/transports/matrix-client.ts";
import { coded } from "./scripted.ts";
import { listen, turn } from "./scripted-client.ts";
import { quiet } from "./sdk-on-node.ts";

const login = {
  baseUrl: "https://hs.test",
  userId: "@us:hs.test",
  deviceId: "OURS",
  accessToken: "t",
  logger: quiet,
};

describe("a client that cannot be used", () => {
  it.each([
    ["no client", undefined],
    ["null", null],
    ["a client's options", login],
    ["an older client", Object.assign(createClient(login), { resendEvent: undefined })],
  ])("throws invalid_option for %s, and says what is wanted", (_what, client) => {
    expect(() => matrixClient(client as unknown as MatrixClient)).toThrow(
      coded("invalid_option", { message: expect.stringContaining("a MatrixClient of matrix-js-sdk 43") }),
    );
  });

  it.each([
    ["wrong_state", "client.startClient()", createClient(login)],
    ["unknown_token", "Log in again", createClient({ baseUrl: login.baseUrl, logger: quiet })],
    [
      "invalid_option",
      "userId and deviceId",
      Object.assign(createClient({ baseUrl: login.baseUrl, accessToken: "t", logger: quiet }), {
        clientRunning: true,
      }),
    ],
  ])("ends with %s and %s", async (code, remedy, client) => {
    const error = coded(code, { message: expect.stringContaining(remedy) });
    const transport = matrixClient(client);
    await expect(transport.identity()).rejects.toEqual(error);
    expect(listen(transport).errors).toEqual([error]);
    const engine = createEngine({ transport });
    const states: unknown[] = [];
    engine.status$.subscribe(({ state }) => states.push(state));
    engine.signals$.subscribe({ error: () => {} });
    await turn();
    expect(states.at(-1)).toBe("stopped");
  });
});

it("loads nothing of matrix-js-sdk: the app's own copy does the work", async () => {
  const entry = fileURLToPath(new URL("../../../src/signaling/transports/matrix-client.ts", import.meta.url));
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    logLevel: "error",
  });
  const packages = Object.keys(metafile.inputs).filter((path) => path.includes("node_modules/"));
  expect(
    packages.filter((path) => !path.includes("node_modules/rxjs/") && !path.includes("/tslib/")),
  ).toEqual([]);
});
