import { firstValueFrom, VirtualTimeScheduler } from "rxjs";
import { describe, expect, it } from "vitest";
import type { MediaSession, SessionDescription } from "../../src/streams/contract.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { mediaSuite } from "../../src/testing/media-suite.ts";

const none = Promise.resolve([]);

describe("fakeMedia", () => {
  for (const { name, run } of mediaSuite) {
    it(name, () => {
      const media = fakeMedia();
      return run({
        media,
        denyDevices: (denied) => media.refuseDevices(denied ? "media_denied" : undefined),
        stillOpen: () => ({ tracks: media.liveTracks, connections: media.openConnections }),
      });
    });
  }
});

describe("fakeMedia under a virtual clock", () => {
  /** One call's course at the caller: what it told and when. */
  async function course(): Promise<readonly string[]> {
    const clock = new VirtualTimeScheduler();
    const media = fakeMedia({ clock });
    const [caller, callee] = [media.open({ iceServers: none }), media.open({ iceServers: none })];
    const told: string[] = [];
    caller.path$.subscribe((state) => told.push(`${clock.now()} ${state}`));
    caller.milestones$.subscribe(({ name, at }) => told.push(`${at} ${name}`));
    caller.candidates$.subscribe(({ candidate }) =>
      told.push(`${clock.now()} candidate ${candidate !== ""}`),
    );
    const offer = await caller.offer({ audio: true, video: true });
    await caller.accept(await callee.answer(offer, { audio: true }));
    clock.flush();
    callee.close();
    caller.close();
    return told;
  }

  it("takes the same course each time", async () => {
    const first = await course();
    expect(first).toEqual([
      "0 new",
      "0 media_opened",
      "0 description_made",
      "0 connecting",
      "5 ice_connected",
      "10 candidate true",
      "10 connected",
      "10 connected",
      "20 candidate true",
      "20 first_media",
      "30 candidate false",
      "30 disconnected",
    ]);
    expect(await course()).toEqual(first);
  });

  it("connects nothing by the candidates of another session", async () => {
    const clock = new VirtualTimeScheduler();
    const media = fakeMedia({ clock });
    const [caller, callee, stranger] = [1, 2, 3].map(() => media.open({ iceServers: none })) as [
      MediaSession,
      MediaSession,
      MediaSession,
    ];
    const without = ({ description: { type, sdp } }: SessionDescription) => ({
      description: { type, sdp: sdp.replaceAll(/a=candidate.*\r\n/g, "") },
    });
    await stranger.offer({ audio: true });
    stranger.candidates$.subscribe((candidate) => caller.addCandidates([candidate]));
    const offer = await caller.offer({ audio: true });
    await caller.accept(without(await callee.answer(without(offer), { audio: true })));
    clock.flush();
    expect(await firstValueFrom(caller.path$)).toBe("connecting");
    callee.candidates$.subscribe((candidate) => caller.addCandidates([candidate]));
    clock.flush();
    expect(await firstValueFrom(caller.path$)).toBe("connected");
  });

  it("loses the path when told to, and only where there was one", async () => {
    const clock = new VirtualTimeScheduler();
    const media = fakeMedia({ clock });
    const [caller, callee] = [media.open({ iceServers: none }), media.open({ iceServers: none })];
    const offer = await caller.offer({ audio: true });
    media.setPath("failed");
    expect(await firstValueFrom(caller.path$)).toBe("failed");
    expect(await firstValueFrom(callee.path$)).toBe("new");
    await caller.accept(await callee.answer(offer, { audio: true }));
    clock.flush();
    media.setPath("disconnected");
    expect(await firstValueFrom(caller.path$)).toBe("disconnected");
    media.setPath("connected");
    expect(await firstValueFrom(callee.path$)).toBe("connected");
  });
});
