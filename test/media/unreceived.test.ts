import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type FakeLine, sending, Track } from "./devices-world.ts";

const settle = () => new Promise((resolve) => setTimeout(resolve));

/** A call that offered microphone and camera, and what the peer's answer makes of the directions. */
async function offered() {
  const call = await sending({ audio: true, video: true });
  const line = (kind: "audio" | "video"): FakeLine => ({
    purpose: "m.usermedia",
    kind,
    sends: true,
    track: call.track(kind),
    transceiver: { direction: "sendrecv", currentDirection: null },
  });
  const [audio, video] = [line("audio"), line("video")];
  call.lines.push(audio, video);
  const become = (state: string) => {
    call.pc.signalingState = state;
    call.pc.dispatchEvent(new Event("signalingstatechange"));
  };
  let offers = 0;
  const answer = async (directions: { audio: string; video: string }, held = false) => {
    become("have-local-offer");
    audio.transceiver.currentDirection = directions.audio;
    video.transceiver.currentDirection = directions.video;
    if (directions.video === "stopped") video.transceiver.direction = "stopped";
    call.pc.currentLocalDescription = { sdp: `${++offers}` };
    call.heldByPeer$.next(held);
    become("stable");
    await settle();
  };
  return { ...call, answer, become, video };
}

describe("a camera", () => {
  it.each(["stopped", "inactive", "recvonly"])(
    "whose section is answered with %s is closed",
    async (video) => {
      const { answer, flags, inputs, capturing, close } = await offered();
      await answer({ audio: "sendrecv", video });
      expect([flags(), inputs.live, capturing.kinds]).toEqual(["a-", ["mic"], ["audio"]]);
      close();
    },
  );

  it("that was received stays open on hold, also twice, and is closed where its section is rejected", async () => {
    const { answer, inputs, close } = await offered();
    await answer({ audio: "sendrecv", video: "sendrecv" });
    for (const held of [true, false, true]) {
      await answer({ audio: held ? "inactive" : "sendrecv", video: held ? "inactive" : "sendrecv" }, held);
    }
    await answer({ audio: "sendrecv", video: "recvonly" });
    expect(inputs.live).toEqual(["mic", "front"]);
    await answer({ audio: "sendrecv", video: "stopped" });
    expect(inputs.live).toEqual(["mic"]);
    close();
  });

  it("that is added on hold stays open until the peer, resuming, does not receive it", async () => {
    const { answer, inputs, video, close } = await offered();
    video.sends = false;
    await answer({ audio: "sendrecv", video: "recvonly" });
    video.sends = true;
    await answer({ audio: "inactive", video: "inactive" }, true);
    expect(inputs.live).toEqual(["mic", "front"]);
    await answer({ audio: "sendrecv", video: "recvonly" });
    expect(inputs.live).toEqual(["mic"]);
    close();
  });

  it("is not closed by an offer that was taken back, nor by one that did not name it", async () => {
    const { answer, become, inputs, video, close } = await offered();
    video.sends = false;
    await answer({ audio: "sendrecv", video: "recvonly" });
    video.sends = true;
    become("have-local-offer");
    become("stable");
    await settle();
    expect(inputs.live).toEqual(["mic", "front"]);
    close();
  });
});

describe("a camera that was added when the peer's offer came first", () => {
  it.each([true, false])("stays open where that has no room for it: its offer had left: %s", async (left) => {
    const { answer, become, inputs, video, pc, close } = await offered();
    video.sends = false;
    await answer({ audio: "sendrecv", video: "recvonly" });
    video.sends = true;
    if (left) become("have-local-offer");
    become("have-remote-offer");
    // It is in no section: the browser has taken back the offer that made it one, or there was none.
    Object.assign(video.transceiver, { mid: null, currentDirection: null });
    pc.currentLocalDescription = { sdp: "our answer" };
    become("stable");
    await settle();
    expect(inputs.live).toEqual(["mic", "front"]);
    Object.assign(video.transceiver, { mid: "1" });
    await answer({ audio: "sendrecv", video: "inactive" });
    expect(inputs.live).toEqual(["mic"]);
    close();
  });
});

describe("a screen in place of the camera", () => {
  it.each(["stopped", "inactive"])("that the peer answers with %s is closed", async (direction) => {
    const { answer, own, video, close } = await offered();
    const screen = new Track("video", "screen");
    own.add("m.screenshare", [screen as never]);
    Object.assign(video, { screen, track: null, sends: false });
    await answer({ audio: "sendrecv", video: direction });
    expect(screen.readyState).toBe("ended");
    close();
  });
});

it("nothing listens to a connection whose call has ended, or that has given way to another", async () => {
  const { pc, capturing, loseConnection, close } = await offered();
  const listeners = () => getEventListeners(pc, "signalingstatechange").length;
  expect(listeners()).toBe(1);
  loseConnection();
  close();
  expect(listeners()).toBe(0);
  capturing.follow();
  await settle();
  expect(listeners()).toBe(0);
});
