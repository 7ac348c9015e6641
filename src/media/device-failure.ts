/** What is done, and said, where a device did not open. Loaded only then. */
import type { Capture } from "../streams/contract.ts";
import type { ErrorCode, TrunklineError } from "../streams/errors.ts";
import type { Devices, Kind } from "./capture.ts";
import type { Tools } from "./tools.ts";

export const NAMES = { audio: "microphone", video: "camera" } as const;

export interface Opened {
  readonly stream: MediaStream;
  /** Why the other device did not open. */
  readonly warning?: TrunklineError;
}

/**
 * Goes on where opening `capture` has failed: with the microphone alone, where both were asked for, or where
 * `essential` does not name it, with the camera alone. Nobody is prompted twice: after a denial it asks only for what
 * is granted. Rejects with the coded error of what is missing, as `openDevices` does.
 */
export async function openRest(
  tools: Tools,
  devices: Devices | undefined,
  capture: Capture,
  thrown: unknown,
  { isWanted, essential = true }: { readonly isWanted: () => boolean; readonly essential?: boolean },
): Promise<Opened> {
  if (!devices) {
    const message =
      "No navigator.mediaDevices: serve the page over https or from localhost, or pass mediaDevices.";
    throw new tools.TrunklineError("media_failed", message);
  }
  const kinds = tools.kindsOf(capture);
  const [only] = kinds;
  if (kinds.length < 2) throw deviceError(tools, thrown, only);
  const denied = isDenial(tools, thrown);
  let failure: TrunklineError | undefined;
  for (const kind of essential ? kinds.slice(0, 1) : kinds) {
    if (denied && !(await mayOpen(kind))) {
      failure ??= deviceError(tools, thrown, kind);
      continue;
    }
    if (!isWanted()) break;
    try {
      const stream = await devices.getUserMedia(tools.constraintsOf({ [kind]: capture[kind] }));
      return { stream, warning: failure ?? deviceError(tools, thrown, "video") };
    } catch (again) {
      failure ??= deviceError(tools, again, kind);
    }
  }
  throw failure ?? deviceError(tools, thrown);
}

/** A failure of `getUserMedia` as a coded error that says what to do. */
export function deviceError(tools: Tools, thrown: unknown, kind?: Kind): TrunklineError {
  if (thrown instanceof tools.TrunklineError) return thrown;
  const name = kind ? NAMES[kind] : "microphone or camera";
  const [code, message] = explain(thrown instanceof Error ? thrown : new Error(String(thrown)), name);
  return new tools.TrunklineError(code, message, { cause: thrown, kind });
}

/** Whether the device may be opened without a prompt. True where the browser does not say. */
export async function mayOpen(kind: Kind): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: NAMES[kind] });
    return state === "granted";
  } catch {
    return true;
  }
}

function isDenial(tools: Tools, thrown: unknown): boolean {
  return deviceError(tools, thrown).code === "media_denied";
}

function explain(error: Error, device: string): [ErrorCode, string] {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return [
        "media_denied",
        `The ${device} is not allowed: allow it for this site and in the system's settings.`,
      ];
    case "NotFoundError":
      return ["media_missing", `There is no ${device}: connect one, or ask for another kind.`];
    case "OverconstrainedError":
      return [
        "media_missing",
        `The chosen ${device} is not connected: choose another, or leave deviceId out.`,
      ];
    case "NotReadableError":
      return ["media_busy", `The ${device} is in use: close the app or tab that has it.`];
    default:
      return ["media_failed", `The ${device} could not be opened: ${error.message}`];
  }
}
