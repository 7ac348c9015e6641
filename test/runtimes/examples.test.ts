/** The parts of examples/transport and the suites that they have to pass, in each runtime that has what they need. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../scripts/lib/bundle.ts";
import { mediaSuite } from "../../src/testing/media-suite.ts";
import { signalingSuite } from "../../src/testing/signaling-suite.ts";
import { showable, type TransportWorld, unshowable } from "../../src/testing/transport-suite.ts";
import { ofFaults, ofItsOwn } from "../signaling/transports/left-out.ts";
import type { Report } from "./lib/report.ts";
import { type Runtime, runIn } from "./lib/run-in.ts";

const folder = mkdtempSync(join(tmpdir(), "trunkline-runtimes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = { examples: join(folder, "examples.mjs"), workerd: join(folder, "workerd.capnp") };

beforeAll(async () => {
  // The examples name the package.
  const alias = { "trunkline/streams": "./src/streams/index.ts" };
  for (const program of ["examples", "workerd"]) {
    const script = await bundle({ entryPoints: [`test/runtimes/programs/${program}.ts`], alias });
    writeFileSync(join(folder, `${program}.mjs`), script);
  }
  copyFileSync("test/runtimes/programs/workerd.capnp", file.workerd);
});

/** What the relay has of what a homeserver may have. */
const world = { capabilities: ["encryption_refusal"] } as Partial<TransportWorld> as TransportWorld;
const names = {
  transport: showable(world).map(({ name }) => name),
  media: mediaSuite.map(({ name }) => name),
  signaling: signalingSuite.map(({ name }) => name),
};

const RUNS: Record<string, readonly (readonly [Runtime, readonly string[]])[]> = {
  tabs: [
    ["node", names.transport],
    ["deno", names.transport],
    ["bun", names.transport],
    // workerd has no BroadcastChannel.
  ],
  sockets: [
    // Node 20 has no WebSocket.
    ["deno", names.transport],
    ["bun", names.transport],
    ["workerd", names.transport],
  ],
  media: [["node", names.media]],
  signaling: [["node", names.signaling]],
};

describe.each(Object.entries(RUNS))("%s", (part, runs) => {
  it.each(runs)("passes its suite in %s", async (runtime, passed) => {
    const { output } = await runIn(runtime, file[runtime === "workerd" ? "workerd" : "examples"], part);
    const line = output.split("\n").find((each) => each.startsWith("{"));
    if (line === undefined) throw new Error(`There is no report:\n${output.slice(-4_000)}`);
    expect(JSON.parse(line)).toEqual({ passed, failed: [] } satisfies Report);
  });
});

it("the transports leave out what the relay does not have", () => {
  expect(unshowable(world)).toEqual([
    "rejects with forbidden where a member may not send",
    "P42 sends encrypted into an encrypted room, and says so",
    "P34 sends a delayed event after its delay, once for a transaction id, and none that was cancelled",
    "P34 sends a delayed event later where it is restarted",
    "P34 tells that a delayed event no longer waits: one that was sent, was cancelled, or never was",
    "P34 drops a delayed event of one who has left",
    "P34 rejects with unknown_token where the token was taken away",
    "P42 refuses a delayed event for an encrypted room",
    ...ofFaults,
    ...ofItsOwn,
  ]);
});
