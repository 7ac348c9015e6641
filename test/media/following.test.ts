import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Inputs, sending } from "./devices-world.ts";

const BOTH = { audio: true, video: true };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What follows is done, after the reports of devices have settled. */
const settled = (ms = 1_000) => vi.advanceTimersByTimeAsync(ms);

/** What the browser says of permissions. */
function permit(state: PermissionState) {
  vi.stubGlobal("navigator", { permissions: { query: async () => ({ state }) } });
}

describe("a device that ends", () => {
  it("mutes its stream at once, and another takes its place, until it is back", async () => {
    const { inputs, flags, warnings, track, close, sent } = await sending(BOTH);
    inputs.present.audio.push("headset");
    inputs.unplug("audio", "mic");
    expect(flags()).toBe("-v");
    await settled();
    expect([flags(), inputs.live, sent]).toEqual(["av", ["front", "headset"], ["headset"]]);
    expect(warnings).toMatchObject([{ code: "media_missing", kind: "audio" }]);
    inputs.plugIn("audio", "mic");
    await settled();
    expect([inputs.live, track("audio").deviceId]).toEqual([["front", "mic"], "mic"]);
    inputs.report();
    await settled();
    expect(inputs.asked).toHaveLength(3);
    close();
  });

  it("is found behind the browser's alias for the system's choice", async () => {
    const inputs = new Inputs();
    inputs.present.audio = ["default", "headset", "mic"];
    const call = await sending({ audio: true }, inputs);
    const groups = (id: string) => {
      inputs.enumerateDevices = async () =>
        inputs.present.audio.map((deviceId) => ({
          kind: "audioinput",
          deviceId,
          groupId: deviceId === "default" || deviceId === id ? "group of default" : `group of ${deviceId}`,
        }));
    };
    groups("mic");
    inputs.present.audio = ["headset"];
    call.track("audio").end();
    await settled();
    expect(call.track("audio").deviceId).toBe("headset");
    inputs.present.audio = ["default", "headset", "mic"];
    inputs.report();
    await settled();
    expect([call.track("audio").deviceId, inputs.live]).toEqual(["mic", ["mic"]]);
    call.close();
  });

  it("is waited for where the app named it", async () => {
    const { inputs, flags, track, close } = await sending({ audio: { deviceId: "mic" } });
    inputs.present.audio.push("headset");
    inputs.unplug("audio", "mic");
    await settled();
    expect([flags(), inputs.live]).toEqual(["--", []]);
    inputs.plugIn("audio", "mic");
    await settled();
    expect([flags(), track("audio").deviceId]).toEqual(["a-", "mic"]);
    close();
  });

  it("is not asked for again where it is no longer allowed, which the warning says", async () => {
    const { inputs, flags, warnings, track, close } = await sending(BOTH);
    permit("prompt");
    track("video").end();
    await settled();
    inputs.report();
    await settled();
    expect([flags(), inputs.asked.length]).toEqual(["a-", 1]);
    expect(warnings).toMatchObject([{ code: "media_denied", kind: "video" }]);
    close();
  });

  it("before it was followed, or twice, is replaced once", async () => {
    const { capturing, inputs, own, close } = await sending(BOTH);
    const camera = inputs.opened[1];
    camera?.end();
    camera?.end();
    capturing.follow();
    await settled();
    expect([inputs.live, inputs.asked.length, own.shown$.value.length]).toEqual([["mic", "front"], 2, 1]);
    expect(capturing.kinds).toEqual(["audio", "video"]);
    close();
  });

  it("is not replaced where the app drops or changes it meanwhile", async () => {
    const { inputs, capturing, sent, track, warnings, close } = await sending(BOTH);
    inputs.present.audio.push("headset");
    const open = inputs.wait();
    const changing = capturing.change({ audio: { deviceId: "headset" }, video: false }, {});
    await settled(0);
    track("audio").end();
    track("video").end();
    open();
    await changing;
    await settled();
    expect([inputs.live, sent, warnings]).toEqual([["headset"], ["headset", "no video"], []]);
    close();
  });

  it("while the replacement opens is stopped at close, and nobody listens any more", async () => {
    const { inputs, track, close } = await sending(BOTH);
    const before = track("audio");
    const open = inputs.wait();
    before.end();
    await settled();
    close();
    open();
    await settled();
    expect([inputs.live, inputs.listeners, before.listeners]).toEqual([[], 0, 0]);
    inputs.report();
    await settled();
    expect(inputs.asked).toHaveLength(2);
  });
});

describe("reports of devices", () => {
  it("that come in a storm are looked at once, when it is over", async () => {
    const { inputs, track, close } = await sending(BOTH);
    inputs.present.audio = [];
    track("audio").end();
    await settled();
    const enumerate = vi.spyOn(inputs, "enumerateDevices");
    for (let report = 0; report < 50; report++) {
      inputs.report();
      await settled(100);
    }
    expect(enumerate).not.toHaveBeenCalled();
    const before = inputs.asked.length;
    inputs.present.audio = ["mic"];
    inputs.report();
    await settled();
    expect([inputs.live, inputs.asked.length - before]).toEqual([["front", "mic"], 1]);
    close();
  });

  it("are nothing to a call whose devices are all there", async () => {
    const { inputs, close } = await sending(BOTH);
    inputs.present.audio.unshift("headset");
    inputs.report();
    await settled();
    expect(inputs.asked).toHaveLength(1);
    close();
  });
});

it("what the system mutes is muted for the peer until it no longer is, whoever mutes it meanwhile", async () => {
  const { track, own, flags, close } = await sending(BOTH);
  track("video").mute(true);
  expect(flags()).toBe("a-");
  own.mute({ video: true });
  track("video").mute(false);
  expect(flags()).toBe("a-");
  own.mute({ video: false });
  expect(flags()).toBe("av");
  close();
});
