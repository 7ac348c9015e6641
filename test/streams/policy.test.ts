import { readFileSync } from "node:fs";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { batchCandidates } from "../../src/streams/debounce.ts";
import { POLICIES, type PolicyOption, readPolicy } from "../../src/streams/policy.ts";
import { virtualClock } from "../../src/testing/clock.ts";

const { balanced } = POLICIES;

describe("readPolicy", () => {
  it("is balanced where nothing is given", () => {
    expect(readPolicy()).toEqual(balanced);
    expect(readPolicy({})).toEqual(balanced);
    expect(readPolicy({ lifetime: undefined } as unknown as PolicyOption)).toEqual(balanced);
  });

  it.each(["balanced", "fast", "frugal"] as const)("accepts %s, whole and by its name", (name) => {
    expect(readPolicy(name)).toEqual(POLICIES[name]);
    expect(readPolicy({ ...POLICIES[name] })).toEqual(POLICIES[name]);
  });

  it("takes the parts that are given in place of balanced's", () => {
    expect(readPolicy({ lifetime: 30_000 })).toEqual({ ...balanced, lifetime: 30_000 });
    const streams = { debounce: 0, maxWait: 0, gaps: [] };
    expect(readPolicy({ streams })).toEqual({ ...balanced, streams });
  });

  it.each<[unknown, string]>([
    ["slow", 'policy must be one of balanced, fast, frugal, or an object; it is "slow"'],
    ["toString", "policy must be one of"],
    [null, "policy must be one of balanced, fast, frugal, or an object; it is null"],
    [7, "policy must be one of balanced, fast, frugal, or an object; it is 7"],
    [{ lifetimes: 1 }, "policy.lifetimes must be left out: there are candidates, streams, lifetime,"],
    [{ lifetime: 5 }, "policy.lifetime must be a number from 1000 to 600000; it is 5"],
    [{ lifetime: Number.NaN }, "policy.lifetime must be a number from 1000 to 600000; it is NaN"],
    [{ lifetime: "90" }, 'policy.lifetime must be a number from 1000 to 600000; it is "90"'],
    [{ maxRinging: 0 }, "policy.maxRinging must be a number from 1 to 64; it is 0"],
    [{ minTimeToAnswer: -1 }, "policy.minTimeToAnswer must be a number from 0 to 60000; it is -1"],
    [{ streams: 20 }, "policy.streams must be an object of debounce, maxWait and gaps; it is 20"],
    [{ streams: { debounce: 5 } }, "policy.streams.maxWait must be a number from 0 to 60000"],
    [
      { candidates: { debounce: 50, maxWait: 20, gaps: [] } },
      "policy.candidates.maxWait must be no less than debounce, which is 50; it is 20",
    ],
    [
      { candidates: { debounce: 1, maxWait: 20, gaps: 300 } },
      "policy.candidates.gaps must be a list of ms, which may be empty; it is 300",
    ],
    [
      { candidates: { debounce: 1, maxWait: 20, gaps: [300, -1] } },
      "policy.candidates.gaps[1] must be a number from 0 to 60000; it is -1",
    ],
  ])("rejects %j", (option, message) => {
    expect(() => readPolicy(option as PolicyOption)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(message) }),
    );
  });

  const circular: Record<string, unknown> = Object.create(null);
  circular.streams = [circular];
  it.each([5n, Symbol("five"), () => 5, circular, new Date(Number.NaN)])(
    "names the field of what is no JSON: %s",
    (lifetime) => {
      expect(() => readPolicy({ lifetime } as never)).toThrow(
        expect.objectContaining({
          code: "invalid_option",
          message: expect.stringContaining("policy.lifetime must be"),
        }),
      );
    },
  );
});

/** When candidates are found after the description has left, in ms; the end marker comes with the last. */
const FOUND = {
  "one, from a far relay, after 250 ms": [250],
  "six within 40 ms, and one of a relay after 400 ms": [0, 8, 16, 24, 32, 40, 400],
  "thirty, 150 ms apart": Array.from({ length: 30 }, (_, index) => index * 150),
};

async function costOf(preset: keyof typeof POLICIES, found: readonly number[]) {
  const clock = virtualClock();
  const candidates = new Subject<{ readonly candidate: string }>();
  const waits: number[] = [];
  let events = 0;
  candidates.pipe(batchCandidates(POLICIES[preset].candidates, clock)).subscribe((batch) => {
    events += 1;
    for (const { candidate } of batch) if (candidate) waits.push(clock.now() - Number(candidate));
  });
  for (const at of found) {
    await clock.advance(at - clock.now());
    candidates.next({ candidate: String(at) });
  }
  // A browser takes its time to say that there are no more.
  await clock.advance(5_000);
  candidates.next({ candidate: "" });
  const mean = Math.round(waits.reduce((sum, wait) => sum + wait, 0) / waits.length);
  return { events, mean, longest: Math.max(...waits) };
}

describe("what the presets cost", () => {
  const rows = Object.entries(FOUND).flatMap(([what, found]) =>
    (["fast", "balanced", "frugal"] as const).map((preset) => ({ what, preset, found })),
  );

  it("is what docs/policy.md states", async () => {
    const table = await Promise.all(
      rows.map(async ({ what, preset, found }) => {
        const { events, mean, longest } = await costOf(preset, found);
        return `| ${what} | \`${preset}\` | ${events} | ${mean} | ${longest} |`;
      }),
    );
    const stated = readFileSync(new URL("../../docs/policy.md", import.meta.url), "utf8")
      .split("\n")
      .filter((line) => /^\| (one|six|thirty)/.test(line));
    expect(stated).toEqual(table);
  });

  it.each(Object.entries(FOUND))("trades events for time: %s", async (_, found) => {
    const [fast, balanced, frugal] = await Promise.all(
      (["fast", "balanced", "frugal"] as const).map((preset) => costOf(preset, found)),
    );
    expect(fast?.events).toBeGreaterThanOrEqual(balanced?.events ?? Number.NaN);
    expect(balanced?.events).toBeGreaterThanOrEqual(frugal?.events ?? Number.NaN);
    expect(fast?.mean).toBeLessThanOrEqual(balanced?.mean ?? Number.NaN);
    expect(balanced?.mean).toBeLessThanOrEqual(frugal?.mean ?? Number.NaN);
  });
});
