import { BehaviorSubject, NEVER, ReplaySubject, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import type { IceServer, SignalingHalf } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { collect, phonesOn, roomId } from "./world.ts";

const turn = (name: string): readonly IceServer[] => [
  { urls: [`turn:${name}.test`], username: name, credential: "p" },
];

const stateOf = (call: Call) => collect(call.state$).at(-1);

/** Alice and Bob, whose ICE servers come from these streams. */
async function world(iceServers: Record<"alice" | "bob", SignalingHalf["iceServers$"]>) {
  const desks = await phonesOn(
    (signaling, name) => ({ ...signaling, iceServers$: iceServers[name] }),
    "alice",
    "bob",
  );
  const { alice, bob } = desks;
  let incoming: Call | undefined;
  bob.phone.incoming$.subscribe((call) => {
    incoming = call;
  });
  return {
    ...desks,
    place: () => alice.phone.place({ roomId, audio: true }),
    answer: () => incoming?.answer({ audio: true }),
    /** The newest servers of each gathering so far. */
    gatherings: () => ({ alice: alice.media.gatherings, bob: bob.media.gatherings }),
  };
}

describe("a phone's ICE servers", () => {
  it("are awaited for 2 s; then the call goes without", async () => {
    const { clock, place, gatherings } = await world({ alice: NEVER, bob: NEVER });
    const call = place();
    await clock.advance(1_900);
    expect([stateOf(call), gatherings().alice]).toEqual(["preparing", []]);
    await clock.advance(200);
    expect(gatherings().alice).toEqual([[]]);
  });

  it("are none at once where there is no signalling to have them from", async () => {
    const failed = throwError(() => new TrunklineError("worker_lost", "gone"));
    const { clock, place, gatherings } = await world({ alice: failed, bob: NEVER });
    place();
    await clock.advance(0);
    expect(gatherings().alice).toEqual([[]]);
  });

  it("P29 that come late reach the call, and so do fresh ones, on both sides of an ICE restart", async () => {
    const servers = {
      alice: new ReplaySubject<readonly IceServer[]>(1),
      bob: new BehaviorSubject(turn("old")),
    };
    const { clock, place, answer, gatherings, alice, bob } = await world(servers);
    const call = place();
    await clock.advance(3_000);
    servers.alice.next(turn("late"));
    await clock.advance(1_000);
    answer();
    await clock.advance(1_000);
    expect(stateOf(call)).toBe("connected");
    expect(gatherings()).toEqual({ alice: [[]], bob: [turn("old")] });
    servers.bob.next(turn("fresh"));
    for (const { media } of [alice, bob]) media.setPath("failed");
    await clock.advance(2_000);
    expect(stateOf(call)).toBe("connected");
    expect(gatherings()).toEqual({ alice: [[], turn("late")], bob: [turn("old"), turn("fresh")] });
  });

  it("P29 that come late make a call that finds no path without them gather anew", async () => {
    const servers = {
      alice: new ReplaySubject<readonly IceServer[]>(1),
      bob: new BehaviorSubject(turn("bob")),
    };
    const { clock, place, answer, gatherings, alice } = await world(servers);
    const open = alice.media.open.bind(alice.media);
    alice.media.open = (options) =>
      Object.assign(open(options), { path$: new BehaviorSubject("connecting") });
    const call = place();
    await clock.advance(2_500);
    answer();
    await clock.advance(5_000);
    servers.alice.next(turn("late"));
    await clock.advance(1_900);
    expect(gatherings().alice).toEqual([[]]);
    await clock.advance(200);
    expect(stateOf(call)).toBe("connecting");
    expect(gatherings().alice).toEqual([[], turn("late")]);
    await clock.advance(25_000);
    expect((await call.ended).reason).toBe("ice_failed");
  });

  it("leave no timer and no subscription behind", async () => {
    const servers = new ReplaySubject<readonly IceServer[]>(1);
    const { clock, place, alice, bob } = await world({ alice: servers, bob: NEVER });
    const call = place();
    await clock.advance(500);
    call.hangup();
    await clock.advance(5_000);
    const closing = [alice.phone.close(), bob.phone.close()];
    await clock.advance(5_000);
    await Promise.all(closing);
    expect(clock.pending).toBe(0);
    expect(servers.observed).toBe(false);
  });
});
