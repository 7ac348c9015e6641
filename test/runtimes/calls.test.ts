/** Whole calls with fake media on the embedded homeserver, under the runtimes that have the `Worker` of the web. */
import { describe, expect, it } from "vitest";
import { runIn } from "./lib/run-in.ts";

describe.each(["deno", "bun"] as const)("%s", (runtime) => {
  it.each([
    ["with both engines on the one thread, from src", "call"],
    ["with an engine in a worker each, from src, as JSR serves it", "workers-src"],
    ["with an engine in a worker each, from dist, as npm serves it", "workers-dist"],
  ])("calls, answers, connects and hangs up %s", async (_, program) => {
    const { code, output } = await runIn(runtime, `test/runtimes/programs/${program}.ts`);
    expect(output).toContain("placed, answered, connected, hung up");
    expect(code).toBe(0);
  });

  it("measures a worker against the one thread with trunkline/bench", async () => {
    const { code, output } = await runIn(runtime, "test/runtimes/programs/measure.ts");
    expect(output).toContain("samples of hop, ring, pickUp, events, roundTrip");
    expect(code).toBe(0);
  });
});
