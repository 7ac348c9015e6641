import { check, isObject } from "../streams/check.ts";
import type { Capture, ChangeOptions } from "../streams/contract.ts";
import type { PhoneOptions } from "./phone.ts";

export interface PlaceOptions extends Capture {
  readonly roomId: string;
  /** The one user who may answer. Absent: any member of the room but us (P11). */
  readonly invitee?: string;
  /**
   * How long the invite rings, in ms, 1 s to 10 min. Default 90 s (P7). The devices have as long to open: where they
   * have not, as where nobody answers the permission prompt, the call ends with `user_media_failed` and an error of code
   * `media_denied`, and nothing is sent.
   */
  readonly lifetime?: number;
  /**
   * Whether the invite leaves only when camera and microphone have opened. Default true. Where not, the peer rings
   * sooner, and is hung up on with `user_media_failed` where they are refused.
   */
  readonly waitForDevices?: boolean;
}

/** Throws `invalid_option` where one of the two halves is missing. */
export function checkHalves({ signaling, media }: Partial<PhoneOptions<unknown>> = {}): void {
  check(
    signaling?.signals$,
    "signaling",
    "what spawnSignaling() or another signalling half returns",
    signaling,
  );
  check(media?.open, "media", "what browserMedia() or another media half returns", media);
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
  check(options.audio || options.video, "audio, video", "set, at least one of them", "neither");
}

/** Throws `invalid_option` where `audio` or `video` is neither a boolean nor an object of constraints. */
export function checkCapture(capture: Capture): void {
  check(isObject(capture), "what to open", "an object, such as { audio: true }", capture);
  const { audio, video } = capture;
  for (const [name, value] of Object.entries({ audio, video })) {
    const fits = value === undefined || typeof value === "boolean" || isObject(value);
    check(fits, name, "true, false, or an object of constraints", value);
  }
}

/** Throws `invalid_option` where there is a `signal` that is no `AbortSignal`, of this page or of another. */
export function checkSignal(options: ChangeOptions): void {
  const signal = options?.signal;
  check(!signal || signal.addEventListener, "signal", "an AbortSignal", signal);
}

const isId = (value: unknown, sigil: string): boolean =>
  typeof value === "string" && value.length > 1 && value.startsWith(sigil);
