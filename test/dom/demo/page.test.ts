import { filter, firstValueFrom } from "rxjs";
import { describe, expect, it, vi } from "vitest";
import type { Side } from "../../../demo/ladder.ts";
import { page } from "../page-events.ts";
import { connect, openDemo, until } from "./demo-page.ts";

describe("a call on the demo's page", () => {
  it("is placed, picked up, shown on both sides, and hung up by the callee", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await connect(demo);
    for (const phone of [alice, bob]) {
      expect(phone.buttons()).toEqual(["Sound is off", "Mute", "Camera off", "Hang up"]);
      const [remote, local] = ["remote", "local"].map((name) =>
        phone.find<HTMLVideoElement>(`video.${name}`),
      );
      expect(remote?.srcObject).toBeInstanceOf(MediaStream);
      expect(remote?.classList.contains("hidden")).toBe(false);
      expect([local?.srcObject instanceof MediaStream, local?.hidden]).toEqual([true, false]);
    }
    bob.press("Hang up");
    await Promise.all([alice.sees("Bob ended the call"), bob.sees("You ended the call")]);
    expect(alice.buttons()).toEqual(["Video call", "Voice call"]);
    const videos = [...document.querySelectorAll("video")];
    expect(videos.map(({ srcObject }) => srcObject)).toEqual([null, null, null, null]);
    expect(demo.fakes.map(({ liveTracks }) => liveTracks)).toEqual([0, 0]);
  });

  it("P25 P27 shows at the other side what is muted", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await connect(demo);
    bob.press("Mute");
    bob.press("Camera off");
    const seen = () => [
      alice.isShown("peerMicrophone"),
      alice.isShown("peerCamera"),
      alice.find(".remote").classList.contains("hidden"),
    ];
    await until(() => expect(seen()).toEqual([true, true, true]));
    expect(bob.buttons()).toEqual(["Sound is off", "Unmute", "Camera on", "Hang up"]);
    expect(bob.isShown("local")).toBe(false);
    bob.press("Unmute");
    bob.press("Camera on");
    await until(() => expect(seen()).toEqual([false, false, false]));
  });

  it("has no camera to turn off where it is a voice call", async () => {
    const demo = openDemo();
    await connect(demo, "Voice call");
    for (const phone of [demo.alice, demo.bob]) {
      expect(phone.buttons()).toEqual(["Sound is off", "Mute", "Hang up"]);
      expect(phone.isShown("local")).toBe(false);
      expect(phone.find(".remote").classList.contains("hidden")).toBe(true);
    }
  });

  it("that is declined ends on both sides, and the next one goes through", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await Promise.all([alice.sees("Ready to call Bob"), bob.sees("Ready to call Alice")]);
    bob.press("Video call");
    await alice.sees("Bob is calling");
    expect(alice.root().dataset.mood).toBe("ringing");
    expect(alice.buttons()).toEqual(["Accept", "Voice only", "Decline"]);
    alice.press("Decline");
    await Promise.all([bob.sees("Alice declined the call"), alice.sees("You declined the call")]);
    alice.press("Voice call");
    await bob.sees("Alice is calling");
    bob.press("Voice only");
    await Promise.all([alice.sees("In call"), bob.sees("In call")]);
  });
});

describe("the life of the demo's page", () => {
  it.each([
    ["for good", false],
    ["and is kept for a return", true],
  ])("P48 left %s in a call, it hangs up by a request that outlives it", async (_, kept) => {
    const demo = openDemo();
    await connect(demo);
    const requested = vi.mocked(fetch);
    requested.mockClear();
    page.hide(kept);
    const last = requested.mock.calls.filter(([, init]) => init?.keepalive);
    expect(last.map(([url]) => String(url))).toEqual(
      Array(2).fill(expect.stringContaining("/send/m.call.hangup/")),
    );
    const closed = (side: Side) => demo.phones[side].calls$.pipe(filter((calls) => calls.length === 0));
    await Promise.all([firstValueFrom(closed("alice")), firstValueFrom(closed("bob"))]);
    expect(demo.fakes.map(({ liveTracks, openSessions }) => [liveTracks, openSessions])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("shown again, it makes and takes calls as before", async () => {
    const demo = openDemo();
    const { alice, bob } = demo;
    await connect(demo);
    page.hide(true);
    page.show();
    await Promise.all([alice.sees("You ended the call"), bob.sees("You ended the call")]);
    bob.press("Video call");
    await alice.sees("Bob is calling");
    alice.press("Accept");
    await Promise.all([alice.sees("In call"), bob.sees("In call")]);
  });

  it("shown again without a network, it says so, and when that is back", async () => {
    const demo = openDemo();
    const { alice } = demo;
    await alice.sees("Ready to call Bob");
    demo.homeserver.fail({ type: "dropped" });
    page.hide(true);
    page.show();
    await alice.sees("The homeserver is out of reach, trying again…");
    expect([alice.buttons(), alice.root().dataset.mood]).toEqual([[], "waiting"]);
    demo.homeserver.heal();
    page.online();
    await alice.sees("Ready to call Bob");
    expect(alice.buttons()).toEqual(["Video call", "Voice call"]);
  });
});
