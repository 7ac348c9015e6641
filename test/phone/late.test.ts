import type { Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { collect, phones, roomId } from "./world.ts";

const audio = { audio: true };
const carol = { targetUser: { userId: "@carol:test" }, targetRoom: roomId };

/** What a stream emits, and whether it completes. */
function lateTo(stream$: Observable<unknown>) {
  const emitted: unknown[] = [];
  let completed = false;
  stream$.subscribe({
    next: (value) => emitted.push(value),
    complete: () => (completed = true),
  });
  return { emitted, completed };
}

/** Both ends of a call between Alice and Bob that was used for all it can do, and has ended. */
async function over() {
  const { alice, bob, clock } = await phones("alice", "bob");
  const rings = collect(bob.phone.incoming$);
  bob.media.refuseDevices("media_busy", "video");
  const outgoing = alice.phone.place({ roomId, invitee: "@bob:test", ...audio, video: true });
  await clock.advance(1_000);
  const incoming = rings[0] as Call;
  incoming.answer({ audio: true, video: true });
  await clock.advance(3_000);
  incoming.mute({ audio: true });
  outgoing.hold();
  outgoing.openChannel("chat");
  outgoing.transfer(carol);
  await clock.advance(3_000);
  expect(lateTo(incoming.state$).emitted).toEqual(["connected"]);
  outgoing.hangup();
  await clock.advance(3_000);
  return [outgoing, incoming] as const;
}

/** A call that rang at Bob's, and that nobody answered. */
async function missed() {
  const { alice, bob, clock } = await phones("alice", "bob");
  const rings = collect(bob.phone.incoming$);
  const outgoing = alice.phone.place({ roomId, invitee: "@bob:test", ...audio });
  await clock.advance(100_000);
  return [outgoing, rings[0] as Call] as const;
}

describe("whoever subscribes to a call that has ended", () => {
  it("receives its last values, and the end of each stream", async () => {
    const [, incoming] = await over();
    const named = { userId: "@alice:test", partyId: expect.any(String) };
    const expected = {
      state$: ["ended"],
      peer$: [named],
      capabilities$: [{ transferee: true, dtmf: true }],
      identity$: [{}],
      localStreams$: [[]],
      remoteStreams$: [[]],
      muted$: [{ audio: true, video: false }],
      held$: [{ us: false, peer: true }],
      warnings$: [expect.objectContaining({ code: "media_busy", kind: "video" })],
      channels$: [],
      transfers$: [expect.objectContaining(carol)],
      stats$: [],
    };
    for (const [name, emitted] of Object.entries(expected))
      expect([name, lateTo(incoming[name as "state$"])]).toEqual([name, { emitted, completed: true }]);
    const { emitted, completed } = lateTo(incoming.trace$);
    expect([emitted.length > 5, completed]).toEqual([true, true]);
  });

  it("receives the same where it never was answered, on either side", async () => {
    for (const call of await missed()) {
      expect((await call.ended).reason).toBe("invite_timeout");
      for (const name of ["state$", "peer$", "capabilities$", "identity$", "muted$", "held$"] as const)
        expect([name, lateTo(call[name])]).toEqual([name, { emitted: [expect.anything()], completed: true }]);
      for (const name of ["localStreams$", "remoteStreams$"] as const)
        expect(lateTo(call[name])).toEqual({ emitted: [[]], completed: true });
      for (const name of ["warnings$", "channels$", "transfers$", "stats$"] as const)
        expect(lateTo(call[name])).toEqual({ emitted: [], completed: true });
      expect(lateTo(call.trace$).completed).toBe(true);
      expect(lateTo(call.state$).emitted).toEqual(["ended"]);
    }
  });
});

describe("what is asked of a call that has ended", () => {
  it("settles: promises reject with a code, and the rest does nothing", async () => {
    for (const call of await over()) {
      const asked = [
        call.change({ video: true }),
        call.shareScreen(),
        call.transfer(carol),
        call.answer(audio),
      ];
      const outcomes = await Promise.allSettled(asked);
      const reason = { code: "closed", message: "The call has ended." };
      expect(outcomes.slice(0, 2)).toMatchObject(Array(2).fill({ reason }));
      expect(outcomes[2]).toMatchObject({ reason: { code: expect.any(String) } });
      call.mute({ audio: false });
      call.hold();
      call.resume();
      call.stopSharing();
      call.sendDtmf("1");
      call.reject();
      call.hangup();
      expect(() => call.openChannel("late")).toThrow(expect.objectContaining({ code: "closed" }));
    }
  });

  it("rejects with closed where the end comes while it is being done", async () => {
    const { alice, bob, clock } = await phones("alice", "bob");
    bob.phone.incoming$.subscribe((call) => void call.answer(audio));
    const call = alice.phone.place({ roomId, ...audio });
    await clock.advance(3_000);
    const pending = [call.change({ video: true }), call.shareScreen()];
    call.hangup();
    const outcomes = await Promise.allSettled(pending);
    expect(outcomes).toMatchObject(Array(2).fill({ reason: { code: "closed" } }));
  });
});

describe("a signal that is none", () => {
  it.each([{}, "abort", 1])("%j is invalid_option, for change() and shareScreen()", async (signal) => {
    const { alice } = await phones("alice");
    const call = alice.phone.place({ roomId, ...audio });
    const expected = {
      code: "invalid_option",
      message: expect.stringContaining("signal must be an AbortSignal"),
    };
    const options = { signal } as object;
    expect(() => call.change({ video: true }, options)).toThrow(expect.objectContaining(expected));
    expect(() => call.shareScreen(options)).toThrow(expect.objectContaining(expected));
  });
});
