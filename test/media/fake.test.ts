import { firstValueFrom, of, VirtualTimeScheduler } from "rxjs";
import { describe, expect, it } from "vitest";
import type { CallStats, MediaSession, SessionDescription } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { mediaSuite } from "../../src/testing/media-suite.ts";

const none = of([]);

describe("fakeMedia", () => {
  for (const { name, run } of mediaSuite) {
    it(name, () => {
      const media = fakeMedia();
      return run({
        ...media,
        media,
        denyDevices: (denied, kind) => media.refuseDevices(denied ? "media_denied" : undefined, kind),
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
    const [caller, callee] = [media.open({ iceServers$: none }), media.open({ iceServers$: none })];
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
      "30 path_lost",
      "30 disconnected",
    ]);
    expect(await course()).toEqual(first);
  });

  it("connects nothing by the candidates of another session", async () => {
    const clock = new VirtualTimeScheduler();
    const media = fakeMedia({ clock });
    const [caller, callee, stranger] = [1, 2, 3].map(() => media.open({ iceServers$: none })) as [
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
    const [caller, callee] = [media.open({ iceServers$: none }), media.open({ iceServers$: none })];
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

  /** A connected call under a virtual clock, whose sessions hear each other. */
  async function call() {
    const clock = virtualClock();
    const media = fakeMedia({ clock });
    const [caller, callee] = [media.open({ iceServers$: none }), media.open({ iceServers$: none })];
    const offer = await caller.offer({ audio: true, video: true });
    await caller.accept(await callee.answer(offer, { audio: true }));
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      from.negotiations$.subscribe((description) => to.negotiate(description));
    }
    await clock.advance(100);
    return { clock, media, caller, callee };
  }

  it("brings a path that failed back by an ICE restart, once it is negotiated", async () => {
    const { clock, media, caller, callee } = await call();
    const told: string[] = [];
    caller.path$.subscribe((state) => told.push(`${clock.now()} ${state}`));
    caller.milestones$.subscribe(({ name, at }) => told.push(`${at} ${name}`));
    told.length = 0;
    media.setPath("failed");
    caller.restartIce();
    await clock.advance(50);
    expect(told).toEqual([
      "100 path_lost",
      "100 failed",
      "100 ice_restarted",
      "100 connecting",
      "110 path_back",
      "110 connected",
    ]);
    expect(await firstValueFrom(callee.path$)).toBe("connected");
  });

  it("leaves the path as it is when told that restarts do not help, until they do", async () => {
    const { clock, media, caller } = await call();
    media.mendPaths(false);
    media.setPath("disconnected");
    caller.restartIce();
    await clock.advance(1_000);
    expect(await firstValueFrom(caller.path$)).toBe("disconnected");
    media.mendPaths(true);
    caller.restartIce();
    await clock.advance(1_000);
    expect(await firstValueFrom(caller.path$)).toBe("connected");
  });

  it("makes up statistics once a second, of what flows", async () => {
    const { clock, media, caller, callee } = await call();
    const told: CallStats[] = [];
    caller.stats$.subscribe((stats) => told.push(stats));
    await clock.advance(1_000);
    callee.hold(true);
    await clock.advance(1_000);
    callee.hold(false);
    media.setPath("disconnected");
    await clock.advance(1_000);
    media.setPath("failed");
    await clock.advance(1_000);
    const audio = { bitrate: 32_000, loss: 0, jitter: 2, codec: "opus" };
    const video = { bitrate: 1_000_000, loss: 0, jitter: 2, codec: "VP8" };
    expect(told).toMatchObject([
      { at: 1_100, roundTrip: 40, sent: { audio, video }, received: { audio }, score: 4.4 },
      { at: 2_100, sent: {}, received: {} },
      { at: 3_100, sent: { video: { bitrate: 0, loss: 1 } } },
    ]);
    expect(told.map(({ score }) => score)).toEqual([4.4, undefined, undefined]);
    caller.close();
    callee.close();
    expect(clock.pending).toBe(0);
  });

  it("P19 says in its descriptions what is sent and what is held", async () => {
    const { clock, caller, callee } = await call();
    const listen = (session: MediaSession) => {
      const said: string[] = [];
      session.negotiations$.subscribe(({ description: { type, sdp } }) => {
        const lines = sdp.split("\r\n").filter((line) => /^(m=|a=(send|recv|inactive))/.test(line));
        said.push([type, ...lines.map((line) => line.slice(2).split(" ")[0])].join(" "));
      });
      return said;
    };
    const said = [listen(caller), listen(callee)];
    caller.hold(true);
    await clock.advance(10);
    await callee.change({ video: true });
    await clock.advance(10);
    expect(said).toEqual([
      ["offer audio sendonly video sendonly", "answer audio sendonly video sendonly"],
      ["answer audio sendrecv video recvonly", "offer audio sendrecv video sendrecv"],
    ]);
  });

  it.each([true, false])(
    "P19 offers again what was not answered; the peer has applied it: %s",
    async (applied) => {
      const clock = virtualClock();
      const media = fakeMedia({ clock });
      const [caller, callee] = [media.open({ iceServers$: none }), media.open({ iceServers$: none })];
      await caller.accept(await callee.answer(await caller.offer({ audio: true }), { audio: true }));
      const offers: SessionDescription[] = [];
      caller.negotiations$.subscribe((offer) => offers.push(offer));
      caller.hold(true);
      await clock.advance(1);
      if (applied) await callee.negotiate(offers[0] as SessionDescription);
      // Here, as before: but does the peer know?
      if (applied) caller.hold(false);
      await clock.advance(60_000);
      expect(offers).toHaveLength(2);
      await callee.negotiate(offers[1] as SessionDescription);
      expect((await firstValueFrom(callee.held$)).peer).toBe(!applied);
      for (const session of [caller, callee]) session.close();
    },
  );

  it("ends screens as the user does, and tells the keys that were sent", async () => {
    const { clock, media, caller, callee } = await call();
    await caller.shareScreen({ audio: true });
    await clock.advance(10);
    expect(await firstValueFrom(callee.remoteStreams$)).toHaveLength(2);
    media.endScreens();
    await clock.advance(10);
    expect(await firstValueFrom(callee.remoteStreams$)).toHaveLength(1);
    caller.sendDtmf("1#");
    callee.sendDtmf("2");
    expect(media.keysSent).toBe("1#2");
  });
});
