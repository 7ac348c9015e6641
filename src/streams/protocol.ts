import { TrunklineError } from "./errors.ts";

/**
 * The version of all that passes between pages, workers and tabs, and of what they keep: hellos, frames, snapshots, and
 * the names by which they find each other. Two builds of one major version understand each other: what the newer one
 * adds, the older one ignores, or rejects with a code. Builds of different major versions do not meet: locks, channels
 * and shared workers have other names, and what cannot have one (a hello, a snapshot) is refused.
 */
export const PROTOCOL = { major: 3, minor: 0 } as const;

/** A name for what only builds of this major version may share. */
export const named = (what: string): string => `trunkline/${PROTOCOL.major} ${what}`;

/** For what the other end sent in another major version. */
export const otherVersion = (): TrunklineError =>
  new TrunklineError(
    "invalid_option",
    "The page and its worker's script are of different versions of trunkline: serve the script of the page's own package",
  );
