import { describe, expect, it } from "vitest";
import { BACKOFF_POLICY, backoff, isTransient } from "../../src/streams/backoff.ts";
import { type ErrorCode, TrunklineError } from "../../src/streams/errors.ts";

const policy = { first: 100, max: 1_000, factor: 2, jitter: 0.5 };
const limited = (retryAfter: number) => new TrunklineError("rate_limited", "too fast", { retryAfter });

describe("backoff", () => {
  it("grows by the factor up to the longest delay", () => {
    const delays = [0, 1, 2, 3, 4, 5_000].map((attempt) => backoff(policy, () => 0, attempt));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("leaves the part named jitter to chance, never more", () => {
    expect(backoff(policy, () => 0.5, 0)).toBe(75);
    expect(backoff(policy, () => 0.999_999, 5)).toBeGreaterThan(500);
  });

  it("P30 waits as long as the homeserver says, however many attempts there were", () => {
    expect(backoff(policy, () => 0.5, 0, limited(4_321))).toBe(4_321);
    expect(backoff(policy, () => 0.5, 9, limited(20))).toBe(20);
  });

  it("waits no longer than 5 minutes on a homeserver's word", () => {
    expect(backoff(policy, () => 0, 0, limited(1e15))).toBe(300_000);
    expect(backoff(policy, () => 0, 0, limited(Number.POSITIVE_INFINITY))).toBe(300_000);
  });

  it.each([0, -5, Number.NaN])("goes by its own delays where Retry-After is %d", (retryAfter) => {
    expect(backoff(policy, () => 0, 1, limited(retryAfter))).toBe(200);
  });

  it("waits a quarter of a second or more under the policy in use, so that no failure is a busy loop", () => {
    expect(backoff(BACKOFF_POLICY, () => 0.999_999, 0)).toBeGreaterThanOrEqual(250);
  });
});

describe("isTransient", () => {
  const codes: [ErrorCode, boolean][] = [
    ["rate_limited", true],
    ["homeserver_unreachable", true],
    ["server_error", true],
    ["unknown_token", false],
    ["not_in_room", false],
    ["event_too_large", false],
    ["unexpected", false],
  ];
  it.each(codes)("%s: %s", (code, transient) => {
    expect(isTransient(new TrunklineError(code, ""))).toBe(transient);
  });

  it("is false for what is not ours", () => {
    expect(isTransient(new Error("server_error"))).toBe(false);
    expect(isTransient(undefined)).toBe(false);
  });
});
