import type { DebouncePolicy } from "./debounce.ts";
import { TrunklineError } from "./errors.ts";

/** When events leave, how long invites ring, and how many calls do. All times are in ms. */
export interface SignalingPolicy {
  /** Candidates that are found once the description has left. */
  readonly candidates: DebouncePolicy;
  /** What the peer learns of our streams while a call goes on, such as muting. */
  readonly streams: DebouncePolicy;
  /** How long an invite of ours rings where `place` does not say, 1 s to 10 min. */
  readonly lifetime: number;
  /** How many calls ring at a time at most, 1 to 64; others wait until there is room. */
  readonly maxRinging: number;
  /** How long a user must have left to answer for a call to ring at all, 0 to 60 s. */
  readonly minTimeToAnswer: number;
}

/**
 * `balanced` is the default: the first candidates leave soon, and a call that has many stays within what homeservers
 * allow, which is about 10 events in a burst and then one every 5 s (P30). `fast` spends more events on a shorter wait.
 * `frugal` is for homeservers that allow less than usual.
 */
export const POLICIES = {
  balanced: {
    candidates: { debounce: 20, maxWait: 60, gaps: [300, 600, 1_200, 3_000, 5_000] },
    streams: { debounce: 100, maxWait: 200, gaps: [0, 0, 1_000] },
    lifetime: 90_000,
    maxRinging: 64,
    minTimeToAnswer: 2_000,
  },
  fast: {
    candidates: { debounce: 10, maxWait: 50, gaps: [50, 100, 200, 400, 800, 1_600, 3_000] },
    streams: { debounce: 20, maxWait: 100, gaps: [0, 0, 500] },
    lifetime: 90_000,
    maxRinging: 64,
    minTimeToAnswer: 2_000,
  },
  frugal: {
    candidates: { debounce: 150, maxWait: 600, gaps: [2_000, 5_000, 10_000] },
    streams: { debounce: 500, maxWait: 1_500, gaps: [2_000, 5_000] },
    lifetime: 90_000,
    maxRinging: 64,
    minTimeToAnswer: 2_000,
  },
} as const satisfies Record<string, SignalingPolicy>;

/** A policy by its name, or parts of one that take the place of `balanced`'s. */
export type PolicyOption =
  | keyof typeof POLICIES
  | { readonly [Part in keyof SignalingPolicy]?: SignalingPolicy[Part] };

/** The whole policy. Throws `invalid_option`, naming the field and what it should be. */
export function readPolicy(option: PolicyOption = "balanced"): SignalingPolicy {
  if (typeof option === "string") {
    if (Object.hasOwn(POLICIES, option)) return POLICIES[option];
    throw invalid("", `one of ${Object.keys(POLICIES).join(", ")}, or an object`, option);
  }
  if (!isObject(option))
    throw invalid("", `one of ${Object.keys(POLICIES).join(", ")}, or an object`, option);
  const given = Object.entries(option).filter(([, part]) => part !== undefined);
  const policy: SignalingPolicy = { ...POLICIES.balanced, ...Object.fromEntries(given) };
  const unknown = Object.keys(policy).find((name) => !Object.hasOwn(POLICIES.balanced, name));
  if (unknown !== undefined)
    throw invalid(`.${unknown}`, `left out: there are ${Object.keys(POLICIES.balanced).join(", ")}`, policy);
  checkDebounce("candidates", policy.candidates);
  checkDebounce("streams", policy.streams);
  checkRange(".lifetime", policy.lifetime, 1_000, 600_000);
  checkRange(".maxRinging", policy.maxRinging, 1, 64);
  checkRange(".minTimeToAnswer", policy.minTimeToAnswer, 0, 60_000);
  return policy;
}

const LONGEST = 60_000;

function checkDebounce(name: string, policy: DebouncePolicy): void {
  if (!isObject(policy)) throw invalid(`.${name}`, "an object of debounce, maxWait and gaps", policy);
  const { debounce, maxWait, gaps } = policy;
  checkRange(`.${name}.debounce`, debounce, 0, LONGEST);
  checkRange(`.${name}.maxWait`, maxWait, 0, LONGEST);
  if (maxWait < debounce)
    throw invalid(`.${name}.maxWait`, `no less than debounce, which is ${debounce}`, maxWait);
  if (!Array.isArray(gaps)) throw invalid(`.${name}.gaps`, "a list of ms, which may be empty", gaps);
  gaps.forEach((gap, index) => {
    checkRange(`.${name}.gaps[${index}]`, gap, 0, LONGEST);
  });
}

function checkRange(name: string, value: unknown, least: number, most: number): void {
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw invalid(name, `a number from ${least} to ${most}`, value);
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

function invalid(name: string, wanted: string, got: unknown): TrunklineError {
  // Whatever may have been given: not everything can be made JSON, or text.
  const text = typeof got === "string" ? JSON.stringify(got) : got === Object(got) ? typeof got : String(got);
  return new TrunklineError("invalid_option", `policy${name} must be ${wanted}; it is ${text}`);
}
