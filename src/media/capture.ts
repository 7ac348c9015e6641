import { check, isObject } from "../streams/check.ts";
import type { AudioConstraints, Capture, VideoConstraints } from "../streams/contract.ts";

export type Kind = "audio" | "video";

/** In the order of their media sections. */
export const KINDS: readonly Kind[] = ["audio", "video"];

/** What a call needs of `MediaDevices`; not every one of them can do more. */
export type Devices = Pick<MediaDevices, "getUserMedia"> &
  Partial<
    Pick<MediaDevices, "getDisplayMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener">
  >;

type Options = AudioConstraints | VideoConstraints;

const SHAPES: Record<Kind, Readonly<Record<string, "string" | "boolean" | "number">>> = {
  audio: {
    deviceId: "string",
    echoCancellation: "boolean",
    noiseSuppression: "boolean",
    autoGainControl: "boolean",
  },
  video: { deviceId: "string", width: "number", height: "number", frameRate: "number", facingMode: "string" },
};

/** The kinds that a capture asks for, in the order of their media sections. Throws `invalid_option`. */
export function kindsOf(capture: Capture): readonly Kind[] {
  for (const kind of KINDS) checkKind(kind, capture[kind]);
  return KINDS.filter((kind) => capture[kind]);
}

/**
 * What `getUserMedia` takes. A device that was named is that one or none (another camera than the chosen one could
 * show the wrong room); everything else is what the device may come near to.
 */
export function constraintsOf(capture: Capture): MediaStreamConstraints {
  return { audio: constraintsOfKind(capture.audio), video: constraintsOfKind(capture.video) };
}

/** Opens what the capture asks for. Rejects as the browser does: `device-failure.ts` says what that means. */
export async function openDevices(devices: Devices | undefined, capture: Capture): Promise<MediaStream> {
  return (devices as Devices).getUserMedia(constraintsOf(capture));
}

/** What is asked for of these kinds. */
export function only(capture: Capture, kinds: readonly Kind[]): Capture {
  return Object.fromEntries(kinds.map((kind) => [kind, capture[kind]]));
}

export function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}

function constraintsOfKind(options: boolean | Options | undefined): boolean | MediaTrackConstraints {
  if (typeof options !== "object") return options ?? false;
  const { deviceId, ...rest } = options;
  return deviceId === undefined ? rest : { ...rest, deviceId: { exact: deviceId } };
}

function checkKind(kind: Kind, options: unknown): void {
  const name = `Capture ${kind}`;
  const isPlain = options === undefined || typeof options === "boolean";
  check(isPlain || isObject(options), name, "a boolean or an object", options);
  for (const [option, value] of Object.entries(options ?? {})) {
    const type = Object.hasOwn(SHAPES[kind], option) && SHAPES[kind][option];
    check(type, `${name}.${option}`, `left out: there are ${Object.keys(SHAPES[kind]).join(", ")}`, value);
    const fits = typeof value === type && (type !== "number" || (value as number) > 0);
    const wanted = type === "number" ? "a number above 0" : `a ${type}`;
    check(value === undefined || fits, `${name}.${option}`, wanted, value);
  }
}
