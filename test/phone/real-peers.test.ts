import { filter, firstValueFrom, of } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import type { Version } from "../../src/streams/contract.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { scripted, settle } from "./scripted.ts";
import { collect, roomId } from "./world.ts";

const audio = { audio: true };
const ref = { roomId, callId: "theirs" };
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);

/** A connected call with a peer that does not negotiate, or has not shown that it does. */
async function talking(
  version: Version,
  direction: "outgoing" | "incoming",
  { clock = virtualClock() as VirtualClock, negotiable = false } = {},
) {
  const world = scripted({ clock });
  let call: Call;
  if (direction === "outgoing") {
    call = world.phone.place({ roomId, ...audio });
    await settle();
    await world.answer({ roomId, callId: call.callId }, negotiable, version);
    await firstValueFrom(call.state$.pipe(filter((state) => state === "connected")));
  } else {
    const rings = collect(world.phone.incoming$);
    await world.ring(ref, { negotiable, version });
    call = rings[0] as Call;
    await call.answer(audio);
    world.media.setPath("connected");
  }
  await settle();
  const offers = () => world.sent("negotiate").filter(({ description }) => description.type === "offer");
  return { ...world, call, clock, offers };
}

const sides = ["outgoing", "incoming"] as const;
const peers = [0, 1].flatMap((version) => sides.map((side) => [version as Version, side] as const));

describe("a peer that has not shown that it negotiates", () => {
  it.each(peers)(
    "P19 is held and resumed here alone, and asked for nothing new: version %d, %s",
    async (...peer) => {
      const { call, offers, media } = await talking(...peer);
      call.hold();
      expect([last(call.held$)?.us, media.sendingMicrophones]).toEqual([true, 0]);
      call.resume();
      expect([last(call.held$)?.us, media.sendingMicrophones]).toEqual([false, 1]);
      for (const adding of [call.change({ video: true }), call.shareScreen()])
        await expect(adding).rejects.toMatchObject({ code: "wrong_state" });
      expect(() => call.openChannel("notes")).toThrow(expect.objectContaining({ code: "wrong_state" }));
      await call.change(audio);
      await settle();
      expect([offers(), media.liveTracks, last(call.state$)]).toEqual([[], 1, "connected"]);
    },
  );

  it.each(sides)(
    "P19 of version 1 is offered a new path only when the old one has failed: %s",
    async (side) => {
      const { call, offers, media, clock } = await talking(1, side);
      media.setPath("disconnected");
      await clock.advance(30_000);
      expect([offers().length, last(call.state$)]).toEqual([0, "reconnecting"]);
      media.setPath("failed");
      await clock.advance(5_000);
      expect([offers().length, last(call.state$)]).toEqual([1, "reconnecting"]);
      await clock.advance(30_000);
      expect((await call.ended).reason).toBe("ice_timeout");
    },
  );

  it.each(sides)(
    "P19 of version 0 is waited for, and the call ends when its path has failed: %s",
    async (side) => {
      const { call, offers, media, clock } = await talking(0, side);
      media.setPath("disconnected");
      await clock.advance(30_000);
      expect(last(call.state$)).toBe("reconnecting");
      media.setPath("failed");
      await clock.advance(0);
      expect([(await call.ended).reason, offers()]).toEqual(["ice_timeout", []]);
    },
  );

  it("P19 is one that negotiates from its own negotiation on", async () => {
    const { call, offers, sent, signals, media, clock } = await talking(1, "incoming");
    call.hold();
    const theirs = fakeMedia().open({ iceServers$: of([]) });
    signals.next({ ...ref, type: "negotiate", ...(await theirs.offer(audio)) });
    await settle();
    expect(sent("negotiate").map(({ description }) => description.sdp)).toEqual([
      expect.stringContaining("a=sendonly"),
    ]);
    media.setPath("disconnected");
    await clock.advance(7_000);
    expect(offers()).toHaveLength(1);
    await call.change({ video: true });
    theirs.close();
  });

  it("P19 an engine of an older release names no version: what is negotiable then is of version 1", async () => {
    const { call, offers, media, clock } = await talking(undefined as never, "outgoing", {
      negotiable: true,
    });
    media.setPath("disconnected");
    await clock.advance(2_000);
    expect([offers().length, last(call.state$)]).toEqual([1, "reconnecting"]);
  });
});
