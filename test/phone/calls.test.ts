import { filter, firstValueFrom, take } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { scripted, settle } from "./scripted.ts";
import { collect, phones, roomId } from "./world.ts";

const audio = { audio: true };
const invitee = "@bob:test";
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);

describe("calls$", () => {
  it("holds no call that has ended, at no emission, though the engine does not answer", async () => {
    const { phone, fail } = scripted();
    fail("hangup", "never");
    const emitted: string[][] = [];
    phone.calls$.subscribe((calls) =>
      emitted.push(calls.map((call) => `${call.roomId} ${last(call.state$)}`)),
    );
    const first = phone.place({ roomId: "!a", ...audio });
    // In the middle of the end of one call another begins.
    first.state$.subscribe((state) => state === "ended" && phone.place({ roomId: "!b", ...audio }));
    await settle();
    first.hangup();
    phone.place({ roomId: "!c", ...audio });
    await settle();
    expect(emitted.flat().filter((line) => line.endsWith("ended"))).toEqual([]);
    expect(emitted.map((list) => list.map((line) => line.split(" ")[0]))).toEqual([
      [],
      ["!a"],
      ["!b"],
      ["!b", "!c"],
    ]);
    expect(last(phone.calls$)?.map((call) => call.roomId)).toEqual(["!b", "!c"]);
  });
});

describe("a call that has ended", () => {
  it("emits its last values to whoever comes late, and holds no stream", async () => {
    const { phone, answer, ring } = scripted();
    const ours = phone.place({ roomId, invitee, ...audio });
    await settle();
    await answer(ours);
    ours.mute({ audio: true });
    await ring({ roomId: "!other", callId: "theirs" });
    const theirs = last(phone.incoming$) as Call;
    const before = [collect(ours.localStreams$), collect(ours.remoteStreams$)];
    expect(before.map((lists) => lists.at(-1)?.length)).toEqual([1, 1]);
    for (const call of [ours, theirs]) {
      call.hangup();
      expect(await firstValueFrom(call.state$)).toBe("ended");
      expect(collect(call.localStreams$)).toEqual([[]]);
      expect(collect(call.remoteStreams$)).toEqual([[]]);
    }
    expect(before.map((lists) => lists.at(-1))).toEqual([[], []]);
    expect(collect(ours.muted$)).toEqual([{ audio: true, video: false }]);
    expect(collect(ours.peer$)).toEqual([{ userId: "@peer:test", partyId: "p" }]);
    expect(collect(ours.held$)).toEqual([{ us: false, peer: false }]);
  });
});

describe("place()", () => {
  it.each([
    ["preparing", undefined],
    ["inviting", 0],
    ["ringing", 1_000],
  ] as const)("twice, as by a double click, makes one call; it is %s", async (state, later) => {
    const { alice, bob, clock } = await phones("alice", "bob");
    const rings = collect(bob.phone.incoming$);
    const first = alice.phone.place({ roomId, invitee, ...audio });
    if (later !== undefined) await clock.advance(later);
    expect(last(first.state$)).toBe(state);
    expect(alice.phone.place({ roomId, invitee, audio: true, video: true })).toBe(first);
    await clock.advance(2_000);
    expect([rings.length, last(alice.phone.calls$)?.length, alice.media.openSessions]).toEqual([1, 1, 1]);
  });

  it("twice where theirs rings answers it once and calls nobody", async () => {
    const { phone, ring, sent } = scripted();
    await ring({ roomId, callId: "theirs" }, { userId: invitee });
    const place = () => phone.place({ roomId, invitee, ...audio });
    const calls = [place(), place()];
    await settle();
    calls.push(place());
    expect(calls.map(({ callId }) => callId)).toEqual(["theirs", "theirs", "theirs"]);
    expect([sent("answer").length, sent("place")]).toEqual([1, []]);
  });

  it("calls another user, another room, or again after the end", async () => {
    const { phone } = scripted();
    const calls = [
      phone.place({ roomId, invitee, ...audio }),
      phone.place({ roomId, ...audio }),
      phone.place({ roomId, invitee: "@carol:test", ...audio }),
      phone.place({ roomId: "!other", invitee, ...audio }),
    ];
    calls[0]?.hangup();
    calls.push(phone.place({ roomId, invitee, ...audio }));
    expect(new Set(calls).size).toBe(5);
  });

  it("makes the call the active one again where it was on hold", async () => {
    const { phone, media } = scripted();
    const first = phone.place({ roomId, ...audio });
    const second = phone.place({ roomId: "!other", ...audio });
    expect(phone.place({ roomId, ...audio })).toBe(first);
    await settle();
    expect([last(first.held$)?.us, last(second.held$)?.us, media.sendingMicrophones]).toEqual([
      false,
      true,
      1,
    ]);
  });

  it("shows whom it calls from the start", () => {
    const { phone } = scripted();
    expect(last(phone.place({ roomId, invitee, ...audio }).peer$)).toEqual({ userId: invitee });
  });
});

describe("hold()", () => {
  it("P47 before the call is answered holds it at once, and the peer is informed once it has answered", async () => {
    const { phone, answer, sent, media } = scripted();
    const call = phone.place({ roomId, ...audio });
    call.hold();
    await settle();
    expect([last(call.held$)?.us, media.sendingMicrophones]).toEqual([true, 0]);
    await answer(call);
    expect([last(call.held$)?.us, media.sendingMicrophones]).toEqual([true, 0]);
    expect(sent("negotiate")).toMatchObject([{ description: { type: "offer" } }]);
  });

  it("P47 of a call with a peer that cannot negotiate is silence here, and sends nothing", async () => {
    const { phone, ring, answer, sent, media } = scripted();
    const ours = phone.place({ roomId: "!ours", ...audio });
    await settle();
    await answer(ours, false);
    await ring({ roomId, callId: "theirs" }, { negotiable: false });
    const theirs = last(phone.incoming$) as Call;
    await theirs.answer(audio);
    const held = () => [ours, theirs].map((call) => last(call.held$)?.us);
    expect([held(), media.sendingMicrophones]).toEqual([[true, false], 1]);
    ours.resume();
    expect([held(), media.sendingMicrophones]).toEqual([[false, true], 1]);
    ours.hold();
    await settle();
    expect([held(), media.sendingMicrophones]).toEqual([[true, true], 0]);
    expect(sent("negotiate")).toEqual([]);
  });

  it("P47 an observer that resumes a call at the moment it is put on hold gets what it asked for", async () => {
    const { phone, media } = scripted();
    const first = phone.place({ roomId, ...audio });
    first.held$.subscribe(({ us }) => us && first.resume());
    const second = phone.place({ roomId: "!other", ...audio });
    await settle();
    expect([last(first.held$)?.us, last(second.held$)?.us, media.sendingMicrophones]).toEqual([
      false,
      true,
      1,
    ]);
  });
});

describe("hold() whose observer resumes the call", () => {
  it("P47 leaves it the active one: the next that is placed takes its place", async () => {
    const { phone, media } = scripted();
    const first = phone.place({ roomId, ...audio });
    first.held$
      .pipe(
        filter(({ us }) => us),
        take(1),
      )
      .subscribe(() => first.resume());
    first.hold();
    const second = phone.place({ roomId: "!other", ...audio });
    await settle();
    expect([last(first.held$)?.us, last(second.held$)?.us, media.sendingMicrophones]).toEqual([
      true,
      false,
      1,
    ]);
  });
});

describe("close()", () => {
  it("is the end also for who observes it and places a call", async () => {
    const { phone, sent } = scripted();
    const first = phone.place({ roomId, ...audio });
    const placing: unknown[] = [];
    first.state$.subscribe((state) => {
      if (state === "ended") placing.push(thrownBy(() => phone.place({ roomId, ...audio })));
    });
    await phone.close();
    expect(placing).toMatchObject([{ code: "closed" }]);
    expect(sent("place").length).toBe(1);
  });
});

describe("change() before the call is answered", () => {
  it("switches a device, and adds none", async () => {
    const { phone } = scripted();
    const call = phone.place({ roomId, ...audio });
    await settle();
    await call.change({ audio: { deviceId: "headset" } });
    await expect(call.change({ video: true })).rejects.toMatchObject({ code: "wrong_state" });
  });
});

describe("calls that cross", () => {
  it("P21 theirs rings where ours was hung up while it came in, and replaces nothing", async () => {
    const { phone, ring, sent, media } = scripted();
    const rings = collect(phone.incoming$);
    const ours = phone.place({ roomId, invitee, ...audio });
    await settle();
    ours.hangup();
    await ring({ roomId, callId: "0" }, { replaces: ours.callId });
    expect([rings.length, last((rings[0] as Call).state$), media.liveTracks]).toEqual([1, "ringing", 0]);
    await rings[0]?.answer(audio);
    expect(sent("answer")).toHaveLength(1);
  });

  it("P47 the one that goes on has the floor only if ours had it", async () => {
    const { phone, ring, media } = scripted();
    const crossing = phone.place({ roomId, invitee, ...audio });
    await settle();
    const other = phone.place({ roomId: "!other", ...audio });
    await ring({ roomId, callId: "0" }, { replaces: crossing.callId });
    expect([crossing.callId, last(crossing.state$)]).toEqual(["0", "connecting"]);
    expect([last(crossing.held$)?.us, last(other.held$)?.us, media.sendingMicrophones]).toEqual([
      true,
      false,
      1,
    ]);
  });

  it("P20 only one side restarts a path that is lost", async () => {
    const { alice, bob, clock } = await phones("alice", "bob");
    const calls = [
      alice.phone.place({ roomId, invitee, ...audio }),
      bob.phone.place({ roomId, invitee: "@alice:test", ...audio }),
    ];
    await clock.advance(5_000);
    expect(calls.map((call) => last(call.state$))).toEqual(["connected", "connected"]);
    for (const { media } of [alice, bob]) {
      media.mendPaths(false);
      media.setPath("disconnected");
    }
    await clock.advance(3_000);
    const restarts = calls.map(
      (call) =>
        collect(call.trace$).filter((entry) => entry.kind === "milestone" && entry.name === "ice_restarted")
          .length,
    );
    expect(restarts.sort()).toEqual([0, 1]);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}
