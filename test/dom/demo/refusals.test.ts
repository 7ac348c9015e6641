import { NEVER } from "rxjs";
import type { MediaHalf } from "trunkline";
import { browserMedia } from "trunkline/media";
import { describe, expect, it } from "vitest";
import { failure, Inputs } from "../../media/devices-world.ts";
import { connect, openDemo, until } from "./demo-page.ts";
import { AnyStream } from "./media-streams.ts";

/** A page's devices, each of which opens, or refuses as a browser does. */
class Devices extends Inputs {
  readonly refusals: { audio?: string | undefined; video?: string } = {};

  override async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    const [name] = (["audio", "video"] as const).flatMap(
      (kind) => (constraints[kind] && this.refusals[kind]) || [],
    );
    if (name) throw failure(name);
    return super.getUserMedia(constraints);
  }
}

/** The browser's media half with these devices, and no WebRTC: its ICE servers never come. */
const withDevices = (devices: Devices): MediaHalf<MediaStream> => {
  const half = browserMedia({ mediaDevices: devices as never, MediaStream: AnyStream as never });
  return { open: () => half.open({ iceServers$: NEVER }) };
};

const REFUSALS = [
  [
    "denied",
    "NotAllowedError",
    "media_denied",
    "is not allowed: allow it for this site and in the system's settings.",
  ],
  ["missing", "NotFoundError", "media_missing", "connect one, or ask for another kind."],
  ["busy", "NotReadableError", "media_busy", "is in use: close the app or tab that has it."],
] as const;

describe.each(REFUSALS)("a microphone that is %s", (_, error, code, remedy) => {
  it("ends the caller's call with the reason and the remedy; the callee hears of nothing; it may be tried again", async () => {
    const devices = new Devices();
    devices.refusals.audio = error;
    const { alice, bob } = openDemo({ media: { alice: withDevices(devices) } });
    await Promise.all([alice.sees("Ready to call Bob"), bob.sees("Ready to call Alice")]);
    alice.press("Voice call");
    await alice.sees("Camera or microphone failed");
    expect(alice.help()).toEqual([expect.stringMatching(/^(The|There is no) microphone/), code]);
    expect(alice.help()?.[0]).toContain(remedy);
    expect(alice.buttons()).toEqual(["Video call", "Voice call"]);
    expect(bob.text("headline")).toBe("Ready to call Alice");
    devices.refusals.audio = undefined;
    alice.press("Voice call");
    await alice.sees("Opening camera and microphone…");
    expect(alice.help()).toBeUndefined();
  });

  it("leaves a call ringing at the callee, with the reason, until it is answered again", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await Promise.all([alice.sees("Ready to call Bob"), bob.sees("Ready to call Alice")]);
    const [, media] = demo.fakes;
    media?.knowDevices(false);
    media?.refuseDevices(code, "audio");
    alice.press("Video call");
    await bob.sees("Alice is calling");
    bob.press("Accept");
    await until(() => expect(bob.help()?.[1]).toBe(code));
    expect(bob.text("headline")).toBe("Alice is calling");
    expect(bob.buttons()).toEqual(["Accept", "Voice only", "Decline"]);
    expect([alice.text("headline"), alice.help()]).toEqual(["Ringing Bob…", undefined]);
    media?.refuseDevices();
    bob.press("Accept");
    await Promise.all([alice.sees("In call"), bob.sees("In call")]);
    expect(bob.help()).toBeUndefined();
  });
});

describe.each(REFUSALS)("a camera that is %s", (_, error, code, remedy) => {
  it("is explained to the caller, whose call goes on with the microphone", async () => {
    const devices = new Devices();
    devices.refusals.video = error;
    const { alice } = openDemo({ media: { alice: withDevices(devices) } });
    await alice.sees("Ready to call Bob");
    alice.press("Video call");
    await until(() => expect(alice.help()?.[1]).toBe(code));
    expect(alice.help()?.[0]).toMatch(/^(The|There is no) camera/);
    expect(alice.help()?.[0]).toContain(remedy);
    expect(alice.text("headline")).toBe("Opening camera and microphone…");
    expect(devices.live).toEqual(["mic"]);
    alice.press("Hang up");
    await alice.sees("You ended the call");
    expect(devices.live).toEqual([]);
  });

  it("is explained to the callee, whose call is connected with the microphone", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await Promise.all([alice.sees("Ready to call Bob"), bob.sees("Ready to call Alice")]);
    demo.fakes[1]?.refuseDevices(code, "video");
    await connect(demo);
    expect(bob.help()?.[1]).toBe(code);
    expect(bob.buttons()).toEqual(["Sound is off", "Mute", "Hang up"]);
    await until(() => expect(alice.find(".remote").classList.contains("hidden")).toBe(true));
    expect(alice.help()).toBeUndefined();
  });
});

it("a camera that is unplugged in a call is explained, and the call goes on", async () => {
  const demo = openDemo();
  const { alice, bob } = demo;
  await connect(demo);
  demo.fakes[0]?.unplug("video");
  await until(() => expect(alice.help()?.[1]).toBe("media_missing"));
  expect(alice.text("headline")).toBe("In call");
  await until(() => expect(bob.isShown("peerCamera")).toBe(true));
});
