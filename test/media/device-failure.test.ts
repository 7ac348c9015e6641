import { afterEach, describe, expect, it, vi } from "vitest";
import { openDevices } from "../../src/media/capture.ts";
import { deviceError, openRest } from "../../src/media/device-failure.ts";
import { TOOLS } from "../../src/media/tools.ts";
import type { Capture } from "../../src/streams/contract.ts";

const BOTH: Capture = { audio: true, video: true };
const failure = (name: string) => Object.assign(new Error("as the browser puts it"), { name });

/** Devices that fail by kind, and what was asked of them. */
function devicesThat(fail: { audio?: string; video?: string }) {
  const asked: string[] = [];
  const getUserMedia = async ({ audio, video }: MediaStreamConstraints) => {
    asked.push([audio && "audio", video && "video"].filter(Boolean).join("+"));
    const name = (audio && fail.audio) || (video && fail.video);
    if (name) throw failure(name);
    return { audio, video } as unknown as MediaStream;
  };
  return { asked, devices: { getUserMedia } as never };
}

/** What the browser says of the permissions; where it says nothing it throws, as for a name it does not know. */
function permissions(states: Partial<Record<string, PermissionState>>) {
  const query = async ({ name }: { name: string }) => {
    if (states[name]) return { state: states[name] };
    throw new TypeError(`${name} is unknown`);
  };
  vi.stubGlobal("navigator", { permissions: { query } });
}

const rest = (devices: never, thrown: unknown, options = {}) =>
  openRest(TOOLS, devices, BOTH, thrown, { isWanted: () => true, ...options });

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("deviceError", () => {
  it.each([
    ["NotAllowedError", "media_denied"],
    ["SecurityError", "media_denied"],
    ["NotFoundError", "media_missing"],
    ["OverconstrainedError", "media_missing"],
    ["NotReadableError", "media_busy"],
    ["AbortError", "media_failed"],
    ["TypeError", "media_failed"],
  ])("%s is %s, with the cause and the device", (name, code) => {
    const cause = failure(name);
    const error = deviceError(TOOLS, cause, "video");
    expect(error).toMatchObject({ code, cause, kind: "video" });
    expect(error.message).toMatch(/camera.*:/);
    expect(deviceError(TOOLS, cause).message).toContain("microphone or camera");
  });

  it("takes what is not an error", () => {
    expect(deviceError(TOOLS, "broken")).toMatchObject({
      code: "media_failed",
      message: expect.stringContaining("broken"),
    });
  });
});

describe("openRest", () => {
  it("goes on with the microphone where the camera fails, and says why", async () => {
    const { asked, devices } = devicesThat({ video: "NotReadableError" });
    const { stream, warning } = await rest(devices, failure("NotReadableError"));
    expect([stream, asked]).toEqual([{ audio: true, video: false }, ["audio"]]);
    expect(warning).toMatchObject({ code: "media_busy", kind: "video" });
  });

  it("rejects where the microphone fails, or the only device, with its kind", async () => {
    const { asked, devices } = devicesThat({ audio: "NotFoundError" });
    await expect(rest(devices, failure("NotReadableError"))).rejects.toMatchObject({
      code: "media_missing",
      kind: "audio",
    });
    const only = openRest(TOOLS, devices, { video: true }, failure("NotFoundError"), {
      isWanted: () => true,
    });
    await expect(only).rejects.toMatchObject({ code: "media_missing", kind: "video" });
    expect(asked).toEqual(["audio"]);
  });

  it("goes on with the camera where the microphone is not essential", async () => {
    const { asked, devices } = devicesThat({ audio: "NotFoundError" });
    const { stream, warning } = await rest(devices, failure("NotFoundError"), { essential: false });
    expect([stream, asked]).toEqual([{ audio: false, video: true }, ["audio", "video"]]);
    expect(warning).toMatchObject({ code: "media_missing", kind: "audio" });
  });

  it("prompts nobody twice: after a denial it asks for what is granted, or where the browser does not say", async () => {
    for (const [states, asks] of [
      [{ microphone: "granted", camera: "denied" }, ["audio"]],
      [{ microphone: "prompt", camera: "prompt" }, []],
      [{ microphone: "denied", camera: "granted" }, []],
      [{}, ["audio"]],
    ] as const) {
      permissions(states);
      const { asked, devices } = devicesThat({});
      const outcome = await rest(devices, failure("NotAllowedError")).then(
        ({ warning }) => warning,
        (error) => error,
      );
      expect(asked).toEqual(asks);
      expect(outcome).toMatchObject({ code: "media_denied", kind: asks.length > 0 ? "video" : "audio" });
    }
  });

  it("asks for nothing that is no longer wanted", async () => {
    const { asked, devices } = devicesThat({});
    const late = rest(devices, failure("NotReadableError"), { isWanted: () => false });
    await expect(late).rejects.toMatchObject({ code: "media_busy" });
    expect(asked).toEqual([]);
  });

  it("says what to do where a page has no devices", async () => {
    const thrown = await openDevices(undefined, BOTH).catch((error: unknown) => error);
    await expect(openRest(TOOLS, undefined, BOTH, thrown, { isWanted: () => true })).rejects.toMatchObject({
      code: "media_failed",
      message: expect.stringContaining("https"),
    });
  });
});
