import { NEVER, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type {
  DelayedEvents,
  EventBatch,
  Identity,
  Memory,
  Signal,
  Transport,
} from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, offer } from "./support.ts";

const ROOM = "!room:test";
const call = { roomId: ROOM, callId: "c" };
const broken = () => new TrunklineError("server_error", "502");

/** Two users with a device each; what a device's transport does can be changed. */
function world() {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock, latency: 50 });
  for (const { userId } of [alice, bob]) rooms.join(ROOM, userId);
  const device = (
    { userId }: { readonly userId: string },
    change: (transport: Transport) => Partial<Transport> = () => ({}),
    memory?: Memory,
  ) => {
    const transport = rooms.connect({ userId, deviceId: "D" });
    let seed = userId.length;
    const engine = createEngine({
      transport: { ...transport, delayed: async () => undefined, ...change(transport) },
      clock,
      random: () => {
        seed = (seed * 16_807 + 1) % 2_147_483_647;
        return seed / 2_147_483_647;
      },
      ...(memory && { memory }),
    });
    const types: Signal["type"][] = [];
    engine.signals$.subscribe({
      next: ({ type }) => type !== "trace" && types.push(type),
      error: () => {},
    });
    let snapshot = NO_MEMORY;
    engine.memory$.subscribe((now) => {
      snapshot = structuredClone(remember(snapshot, now));
    });
    const outcomes: Record<string, string> = {};
    const dispatch = (command: Parameters<typeof engine.dispatch>[0]) => {
      outcomes[command.type] = "pending";
      engine.dispatch(command).then(
        () => {
          outcomes[command.type] = "sent";
        },
        (error: TrunklineError) => {
          outcomes[command.type] = error.code;
        },
      );
    };
    return { engine, types, outcomes, dispatch, memory: () => snapshot };
  };
  type Device = ReturnType<typeof device>;
  const invite = async (from: Device, ms = 500) => {
    from.dispatch({ ...call, type: "place", invitee: bob.userId });
    from.dispatch({ ...call, type: "invite", ...offer });
    await clock.advance(ms);
  };
  const talk = async (from: Device, to: Device) => {
    await invite(from);
    to.dispatch({ ...call, type: "answer", ...answer });
    await clock.advance(500);
  };
  /** Closes; tells how long that took. */
  const close = async ({ engine }: Device) => {
    const at = clock.now();
    let took = Number.NaN;
    const closing = engine.close().then(() => {
      took = clock.now() - at;
    });
    await clock.advance(5_000);
    await closing;
    return took;
  };
  return { clock, rooms, device, invite, talk, close };
}

describe("close()", () => {
  it.each([20, 500])("waits for a hangup that was asked for, with the invite sent %d ms ago", async (ms) => {
    const { clock, device, invite, close } = world();
    const [ours, theirs] = [device(alice), device(bob)];
    await clock.advance(500);
    await invite(ours, ms);
    ours.dispatch({ ...call, type: "hangup", reason: "user_hangup" });
    await clock.advance(0);
    expect(await close(ours)).toBeLessThan(2_000);
    expect([ours.outcomes.hangup, theirs.types]).toEqual(["sent", ["incoming", "ended"]]);
  });

  it("waits for the hangup of a call that is answered, and repeats it if it fails for a moment", async () => {
    const { clock, device, talk, close } = world();
    let faults = 2;
    const ours = device(alice, ({ send }) => ({
      send: (...event) => {
        if (event[1] !== "m.call.hangup" || faults === 0) return send(...event);
        faults -= 1;
        return Promise.reject(broken());
      },
    }));
    const theirs = device(bob);
    await clock.advance(500);
    await talk(ours, theirs);
    ours.dispatch({ ...call, type: "hangup", reason: "user_hangup" });
    await clock.advance(0);
    expect(await close(ours)).toBeLessThan(2_000);
    expect([ours.outcomes.hangup, theirs.types.at(-1)]).toEqual(["sent", "ended"]);
  });

  it("waits for a reject, and for the selection that it is answered with (P16)", async () => {
    const { clock, rooms, device, invite, close } = world();
    const [ours, theirs] = [device(alice), device(bob)];
    await clock.advance(500);
    await invite(ours);
    theirs.dispatch({ ...call, type: "reject" });
    await clock.advance(0);
    await close(theirs);
    expect(theirs.outcomes.reject).toBe("sent");
    await close(ours);
    const types: string[] = [];
    rooms.connect({ userId: bob.userId, deviceId: "reader" }).batches$.subscribe(({ events }) => {
      types.push(...events.map(({ type }) => type).filter((type) => type.startsWith("m.call.")));
    });
    await clock.advance(500);
    expect(types).toEqual(["m.call.invite", "m.call.reject", "m.call.select_answer"]);
  });

  it("gives up after 2 s, rejects what is unsent with closed, and leaves no timer", async () => {
    const { clock, device, talk, close } = world();
    const ours = device(alice, ({ send }) => ({
      send: (...event) =>
        event[1] === "m.call.hangup"
          ? Promise.reject(new TrunklineError("homeserver_unreachable", ""))
          : send(...event),
    }));
    const theirs = device(bob);
    await clock.advance(500);
    await talk(ours, theirs);
    ours.dispatch({ ...call, type: "hangup", reason: "user_hangup" });
    await clock.advance(0);
    expect(await close(ours)).toBe(2_000);
    expect(ours.outcomes.hangup).toBe("closed");
    await close(theirs);
    expect(clock.pending).toBe(0);
  });

  it("P48 hangs up what we placed or answered, and sends nothing for a call that rings here", async () => {
    const { clock, device, invite, talk, close } = world();
    const [ours, theirs, tablet] = [device(alice), device(bob), device(bob)];
    await clock.advance(500);
    await invite(ours);
    await close(tablet);
    expect([ours.types, theirs.types]).toEqual([["invited"], ["incoming"]]);
    await close(ours);
    expect(theirs.types).toEqual(["incoming", "ended"]);

    const again = world();
    const [caller, callee] = [again.device(alice), again.device(bob)];
    await again.clock.advance(500);
    await again.talk(caller, callee);
    await again.close(callee);
    expect(caller.types.at(-1)).toBe("ended");
    void talk;
  });
});

describe("an engine that has stopped", () => {
  it.each(["is pending", "was sent"])(
    "sends nothing and keeps no timer, where an invite %s",
    async (state) => {
      const { clock, device, invite, close } = world();
      const batches = new Subject<EventBatch>();
      let down = state === "is pending";
      const sent: string[] = [];
      const ours = device(alice, ({ send }) => ({
        batches$: batches,
        send: (...event) => {
          sent.push(event[1]);
          return down ? Promise.reject(broken()) : send(...event);
        },
      }));
      await clock.advance(500);
      await invite(ours);
      down = true;
      const before = sent.length;
      batches.error(new TrunklineError("wrong_state", "The client was stopped"));
      await clock.advance(0);
      expect([sent.length, clock.pending]).toEqual([before, 0]);
      await close(ours);
      expect([sent.length, clock.pending]).toEqual([before, 0]);
    },
  );
});

describe("an engine that does not know yet who we are", () => {
  const unknown = () => {
    const all = world();
    let known: (identity: Identity) => void = () => {};
    const identity = () =>
      new Promise<Identity>((resolve) => {
        known = resolve;
      });
    return { ...all, identity, known: () => known({ userId: alice.userId, deviceId: "D" }) };
  };

  it("rejects what waits with closed as soon as it is closed, and leaves nothing behind", async () => {
    const { clock, device, identity, known } = unknown();
    const ours = device(alice, () => ({ identity }));
    let state = "";
    ours.engine.status$.subscribe({
      next: (status) => {
        state = status.state;
      },
      complete: () => {
        state += ", completed";
      },
    });
    ours.dispatch({ ...call, type: "place" });
    await clock.advance(100);
    const closing = ours.engine.close();
    await clock.advance(0);
    expect(ours.outcomes.place).toBe("closed");
    await closing;
    expect(state).toBe("stopped, completed");
    known();
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  it("hangs up a call that it was given, if it comes to know in time", async () => {
    const { clock, device, talk, identity, known } = unknown();
    const [first, theirs] = [device(alice), device(bob)];
    await clock.advance(500);
    await talk(first, theirs);
    const memory = first.memory();
    const ours = device(alice, () => ({ identity }), memory);
    ours.dispatch({ ...call, type: "streams", streams: [] });
    const closing = ours.engine.close();
    await clock.advance(300);
    expect(ours.outcomes.streams).toBe("closed");
    known();
    await clock.advance(300);
    await closing;
    expect(theirs.types.at(-1)).toBe("ended");
  });

  it("hangs it up though the homeserver did not answer when first asked", async () => {
    const { clock, device, talk } = world();
    const [first, theirs] = [device(alice), device(bob)];
    await clock.advance(500);
    await talk(first, theirs);
    let faults = 1;
    const ours = device(
      alice,
      ({ identity }) => ({
        connected$: NEVER,
        identity: () => {
          faults -= 1;
          return faults < 0 ? identity() : Promise.reject(broken());
        },
      }),
      first.memory(),
    );
    await clock.advance(0);
    void ours.engine.close();
    await clock.advance(2_000);
    expect(theirs.types.at(-1)).toBe("ended");
  });

  it("tries again at once when the connection is back", async () => {
    const { clock, rooms } = world();
    const line = rooms.connect({ userId: alice.userId, deviceId: "L" });
    line.setOnline(false);
    const engine = createEngine({ transport: line, clock, random: () => 0 });
    let state = "";
    engine.status$.subscribe((status) => {
      state = status.state;
    });
    engine.signals$.subscribe();
    await clock.advance(40_000);
    expect(state).toBe("reconnecting");
    line.setOnline(true);
    await clock.advance(500);
    expect(state).toBe("online");
    await Promise.all([engine.close(), clock.advance(2_000)]);
  });
});

describe("a call that has ended", () => {
  it("P34 has no delayed hangup put off any more, in the engine that goes on with it either", async () => {
    const restarts: number[] = [];
    const cancelled: string[] = [];
    let clock = virtualClock();
    const events: DelayedEvents = {
      schedule: async () => "id",
      restart: async () => {
        restarts.push(clock.now());
        return true;
      },
      cancel: async (id) => {
        cancelled.push(id);
      },
    };
    const first = callsWorld(alice, events);
    clock = first.clock;
    first.watch();
    await first.place("c");
    first.read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    await first.clock.advance(3_000);
    first.faults.push(...Array.from({ length: 1_000 }, broken));
    first.calls
      .dispatch({ roomId: "!room:test", callId: "c", type: "hangup", reason: "user_hangup" })
      .catch(() => {});
    await first.clock.advance(1_000);

    const faults = Array.from({ length: 1_000 }, broken);
    const second = callsWorld(alice, events, structuredClone(first.memory()), faults);
    clock = second.clock;
    restarts.length = 0;
    await second.clock.advance(600_000);
    expect(restarts.filter((at) => at > 5_000)).toEqual([]);
    faults.length = 0;
    await second.clock.advance(30_000);
    expect([second.types(), cancelled]).toEqual([["hangup"], ["id"]]);
    expect(second.clock.pending).toBe(0);
    first.calls.close();
  });

  it("has its hangup delivered though the homeserver is away for a quarter of an hour", async () => {
    const { calls, clock, read, faults, place, types } = callsWorld(alice);
    await place("c");
    read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    await clock.advance(100);
    faults.push(...Array.from({ length: 1_000 }, broken));
    calls
      .dispatch({ roomId: "!room:test", callId: "c", type: "hangup", reason: "user_hangup" })
      .catch(() => {});
    await clock.advance(900_000);
    faults.length = 0;
    read([]);
    await clock.advance(0);
    expect(types().at(-1)).toBe("hangup");
    expect(clock.pending).toBe(0);
  });

  it("stays in the snapshot until the selection that it owes has left", async () => {
    const { calls, clock, read, faults, place, watch, memory } = callsWorld(alice);
    watch();
    await place("c");
    faults.push(...Array.from({ length: 6 }, broken));
    read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    read([said(bob, encode.hangup(endOf(bob, "c"), "user_hangup"))]);
    await clock.advance(1_000);
    expect(memory().calls).toMatchObject([
      { state: { pending: [{ event: { type: "m.call.select_answer" } }] } },
    ]);
    await clock.advance(60_000);
    expect([memory().calls, clock.pending]).toEqual([[], 0]);
    calls.close();
  });

  it("is not taken up again but for its final event", async () => {
    const first = callsWorld(alice);
    first.watch();
    await first.place("c", { invite: false });
    first.faults.push(...Array.from({ length: 100 }, broken));
    const c = { roomId: ROOM, callId: "c" };
    first.calls.dispatch({ ...c, type: "invite", ...offer }).catch(() => {});
    await first.clock.advance(100);
    first.calls.dispatch({ ...c, type: "hangup", reason: "user_hangup" }).catch(() => {});
    // As it is at the moment of the hangup: what it supersedes has not settled yet.
    const memory = structuredClone(first.memory());
    expect(JSON.stringify(memory)).toContain("m.call.invite");
    const second = callsWorld(alice, undefined, memory);
    await second.clock.advance(100);
    expect(second.types()).toEqual(["hangup"]);
    first.calls.close();
  });

  it("keeps its candidates as long as the invite that they wait for", async () => {
    const { calls, clock, faults, place, types } = callsWorld(alice);
    await place("c", { invite: false });
    faults.push(...Array.from({ length: 9 }, broken));
    const c = { roomId: ROOM, callId: "c" };
    calls.dispatch({ ...c, type: "invite", ...offer }).catch(() => {});
    for (const candidate of ["1", ""])
      calls.dispatch({ ...c, type: "candidate", candidate: { candidate, sdpMid: "0" } }).catch(() => {});
    await clock.advance(88_000);
    expect(types()).toEqual(["invite", "candidates"]);
    calls.close();
  });

  it("by the peer sends nothing of what was queued", async () => {
    const { calls, clock, read, faults, types } = callsWorld(bob);
    read([inviteBy(alice, "c")]);
    const ref = { roomId: "!room:test", callId: "c" };
    faults.push(...Array.from({ length: 1_000 }, broken));
    for (const command of [
      { type: "answer", ...answer },
      { type: "streams", streams: [] },
    ] as const)
      calls.dispatch({ ...ref, ...command }).catch(() => {});
    await clock.advance(1_000);
    read([said(alice, encode.hangup(endOf(alice, "c"), "user_hangup"))]);
    faults.length = 0;
    await clock.advance(60_000);
    expect([types(), clock.pending]).toEqual([[], 0]);
  });
});
