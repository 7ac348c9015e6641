import { describe, expect, it } from "vitest";
import { POLICIES, type PolicyOption, readPolicy } from "../../src/streams/policy.ts";

const { balanced } = POLICIES;

describe("readPolicy", () => {
  it("is balanced where nothing is given", () => {
    expect(readPolicy()).toEqual(balanced);
    expect(readPolicy({})).toEqual(balanced);
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
});
