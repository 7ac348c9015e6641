import { TrunklineError } from "trunkline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Shown } from "../../../demo/phone-model.ts";
import { mountPhoneView, type PhoneView } from "../../../demo/phone-view.ts";
import { loadDocument, phoneOf } from "./demo-page.ts";
import { AnyStream } from "./media-streams.ts";

const off = { audio: false, video: false };
const idle: Shown = {
  mood: "ready",
  headline: "Ready to call Bob",
  buttons: ["placeVideo", "placeVoice"],
  muted: off,
  peerMuted: off,
  remotePicture: false,
  localPicture: false,
};
const live: Shown = {
  ...idle,
  mood: "live",
  headline: "In call",
  buttons: ["microphone", "camera", "hangup"],
};

let view: PhoneView;
const alice = phoneOf("alice");

beforeEach(() => {
  vi.useFakeTimers();
  loadDocument();
  view = mountPhoneView(alice.root(), { us: "Alice", peer: "Bob" });
});
afterEach(() => {
  view.render(idle);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("a phone on the page", () => {
  it("keeps the focus, but on no button, where the one that was pressed is gone", () => {
    view.render(idle);
    alice.press("Video call");
    view.render(live);
    expect(document.activeElement).toBe(alice.root());
    const elsewhere = document.querySelector("summary") as HTMLElement;
    elsewhere.focus();
    view.render(idle);
    expect(document.activeElement).toBe(elsewhere);
  });

  it("leaves the focus on a button that stays", () => {
    view.render(live);
    alice.press("Mute");
    view.render({ ...live, muted: { audio: true, video: false } });
    expect(document.activeElement?.textContent?.trim()).toBe("Unmute");
  });

  it("hands on what is pressed, once", () => {
    const pressed: string[] = [];
    for (const name of ["placeVideo", "placeVoice", "hangup"] as const)
      view.on(name, () => pressed.push(name));
    view.render(idle);
    alice.press("Voice call");
    view.render(live);
    alice.press("Hang up");
    expect(pressed).toEqual(["placeVoice", "hangup"]);
  });

  it("says what failed, what to do, and its code, in an alert, until that is over", () => {
    view.render({
      ...live,
      help: new TrunklineError("media_busy", "The camera is in use: close the app that has it."),
    });
    expect(alice.help()).toEqual(["The camera is in use: close the app that has it.", "media_busy"]);
    expect(alice.find("[data-part=help]").getAttribute("role")).toBe("alert");
    view.render(live);
    expect(alice.help()).toBeUndefined();
  });

  it("writes for a screen reader only what has changed", () => {
    view.render(idle);
    const headline = alice.find("[data-part=headline]");
    const written = vi.spyOn(headline, "textContent", "set");
    view.render({ ...idle, buttons: [] });
    expect(written).not.toHaveBeenCalled();
    view.render(live);
    expect(written.mock.calls).toEqual([["In call"]]);
  });

  it("counts the time of the call while it is live, a reconnection included", () => {
    view.render(live);
    expect(alice.text("clock")).toBe("0:00");
    vi.advanceTimersByTime(64_000);
    view.render({ ...live, headline: "Connection lost, trying to get it back…" });
    vi.advanceTimersByTime(1_500);
    expect(alice.text("clock")).toBe("1:05");
    view.render(idle);
    expect(alice.text("clock")).toBe("");
    vi.advanceTimersByTime(60_000);
    view.render(live);
    expect(alice.text("clock")).toBe("0:00");
  });

  it("is silent until the user wants sound, which the button says", () => {
    view.render(live);
    const video = alice.find<HTMLVideoElement>("video.remote");
    const button = alice.find("[data-part=sound]");
    expect([video.muted, button.getAttribute("aria-pressed")]).toEqual([true, "false"]);
    alice.press("Sound is off");
    expect([video.muted, button.getAttribute("aria-pressed")]).toEqual([false, "true"]);
    expect(alice.buttons()).toContain("Sound is on");
  });

  it("plays a stream once, and lets go of it", () => {
    const video = alice.find<HTMLVideoElement>("video.remote");
    const play = vi.spyOn(video, "play");
    const remote = new AnyStream();
    view.render({ ...live, remote });
    view.render({ ...live, remote, muted: { audio: true, video: true } });
    expect([video.srcObject, play.mock.calls.length]).toEqual([remote, 1]);
    view.render(idle);
    expect(video.srcObject).toBeNull();
  });

  it("survives a video that refuses to play", async () => {
    const video = alice.find<HTMLVideoElement>("video.remote");
    // Not by a mock, which would handle the rejection.
    video.play = () => Promise.reject(new DOMException("interrupted", "AbortError"));
    view.render({ ...live, remote: new AnyStream() });
    await vi.advanceTimersByTimeAsync(1);
    expect(alice.text("headline")).toBe("In call");
  });
});
