import type { Capture } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";

export interface PlaceOptions extends Capture {
  readonly roomId: string;
  /** The one user who may answer. Absent: any member of the room but us (P11). */
  readonly invitee?: string;
  /** How long the invite rings, in ms, 1 s to 10 min. Default 90 s (P7). */
  readonly lifetime?: number;
  /**
   * Whether the invite leaves only when camera and microphone have opened. Default true. Where not, the peer rings
   * sooner, and is hung up on with `user_media_failed` where they are refused.
   */
  readonly waitForDevices?: boolean;
}

/** Throws `invalid_option`, naming the option and what it should be. */
export function checkPlaceOptions(options: PlaceOptions): void {
  check(isObject(options), "options", "an object with at least roomId", options);
  const { roomId, invitee, lifetime, waitForDevices } = options;
  check(isId(roomId, "!"), "roomId", 'a room id, such as "!abc:example.org"', roomId);
  check(
    invitee === undefined || isId(invitee, "@"),
    "invitee",
    'a user id, such as "@bob:example.org"',
    invitee,
  );
  const inRange = typeof lifetime === "number" && lifetime >= 1_000 && lifetime <= 600_000;
  check(lifetime === undefined || inRange, "lifetime", "a number of ms from 1000 to 600000", lifetime);
  check(
    waitForDevices === undefined || typeof waitForDevices === "boolean",
    "waitForDevices",
    "true or false",
    waitForDevices,
  );
  checkCapture(options);
  check(Boolean(options.audio || options.video), "audio, video", "set, at least one of them", undefined);
}

/** Throws `invalid_option` where `audio` or `video` is neither a boolean nor an object of constraints. */
export function checkCapture({ audio, video }: Capture): void {
  for (const [name, value] of Object.entries({ audio, video })) {
    const fits = value === undefined || typeof value === "boolean" || isObject(value);
    check(fits, name, "true, false, or an object of constraints", value);
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isId = (value: unknown, sigil: string): boolean =>
  typeof value === "string" && value.length > 1 && value.startsWith(sigil);

function check(holds: boolean, name: string, wanted: string, got: unknown): void {
  if (holds) return;
  const shown = got === undefined ? "nothing" : typeof got === "string" ? JSON.stringify(got) : typeof got;
  throw new TrunklineError("invalid_option", `${name} must be ${wanted}; got ${shown}.`);
}
