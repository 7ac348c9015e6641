import { BehaviorSubject, EMPTY, filter, NEVER } from "rxjs";
import { describe, expect, it } from "vitest";
import { dispatchCommand } from "../../src/phone/dispatch.ts";
import type { Command, SignalingHalf, SignalingStatus } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { collect, phonesOn, roomId } from "./world.ts";

const description = { type: "offer", sdp: "v=0" } as const;
const call = { roomId, callId: "1" };
const lost = () => new TrunklineError("worker_lost", "The worker is gone.");

/** A half whose engine is lost for the first `times` commands. */
function losing(times: number, code = lost) {
  const clock = virtualClock();
  const heard: Command[] = [];
  const status = new BehaviorSubject<SignalingStatus>({ state: "reconnecting" });
  const half: SignalingHalf = {
    signals$: NEVER,
    status$: status,
    iceServers$: EMPTY,
    async dispatch(command) {
      heard.push(command);
      if (heard.length <= times) throw code();
    },
    close: async () => {},
  };
  const say = (command: Command, wanted = () => true) => dispatchCommand(half, command, wanted, clock);
  return { clock, heard, status, say };
}

describe("a command whose engine is lost", () => {
  it.each([
    [{ ...call, type: "invite", description }, true],
    [{ ...call, type: "answer", description: { ...description, type: "answer" } }, true],
    [{ ...call, type: "reject" }, true],
    [{ ...call, type: "hangup", reason: "user_hangup" }, true],
    [{ ...call, type: "negotiate", description }, undefined],
    [{ ...call, type: "streams", streams: [] }, undefined],
    [{ ...call, type: "candidate", candidate: { candidate: "" } }, undefined],
    [{ ...call, type: "place" }, true],
  ] as readonly [Command, true | undefined][])("P30 %j is said again, marked: %s", async (command, again) => {
    const { heard, status, say, clock } = losing(1);
    const said = say(command);
    await clock.advance(10_000);
    expect(heard).toEqual([command]);
    status.next({ state: "online" });
    await said;
    expect(heard).toEqual([command, again ? { ...command, again } : command]);
  });

  it("is said until it is heard, with a pause before the third time", async () => {
    const { heard, status, say, clock } = losing(3);
    status.next({ state: "online" });
    const said = say({ ...call, type: "place" });
    await clock.advance(1);
    expect(heard).toHaveLength(2);
    await clock.advance(250);
    expect(heard).toHaveLength(3);
    await clock.advance(250);
    await said;
    expect([heard.length, clock.pending]).toEqual([4, 0]);
  });

  it("is lost where no engine comes back", async () => {
    for (const end of ["stopped", "completed"] as const) {
      const { status, say } = losing(1);
      const said = expect(say({ ...call, type: "place" })).rejects.toMatchObject({ code: "worker_lost" });
      if (end === "stopped") status.next({ state: "stopped" });
      status.complete();
      await said;
    }
  });

  it("is said again also where the next engine did not start, and the one after does", async () => {
    const { heard, status, say } = losing(1, () => new TrunklineError("worker_failed", "It did not start."));
    const said = say({ ...call, type: "hangup", reason: "user_hangup" });
    status.next({ state: "online" });
    await said;
    expect(heard).toHaveLength(2);
  });

  it("is not said again once nobody wants it", async () => {
    const { heard, status, say } = losing(1);
    let wanted = true;
    const said = expect(say({ ...call, type: "place" }, () => wanted)).rejects.toMatchObject({
      code: "worker_lost",
    });
    wanted = false;
    status.next({ state: "online" });
    await said;
    expect(heard).toHaveLength(1);
  });

  it("is not said again where it was refused for another reason", async () => {
    const { heard, status, say } = losing(1, () => new TrunklineError("forbidden", "No."));
    status.next({ state: "online" });
    await expect(say({ ...call, type: "place" })).rejects.toMatchObject({ code: "forbidden" });
    expect(heard).toHaveLength(1);
  });
});

describe("a call whose engine is lost and comes back", () => {
  /** Engines that can be out of reach for a while, as while a worker is started again. */
  async function world() {
    const engines = new Map<string, { readonly gone: BehaviorSubject<boolean>; readonly heard: Command[] }>();
    const between = (signaling: SignalingHalf, name: string): SignalingHalf => {
      const gone = new BehaviorSubject(false);
      const heard: Command[] = [];
      engines.set(name, { gone, heard });
      const status = new BehaviorSubject<SignalingStatus>({ state: "starting" });
      signaling.status$.pipe(filter(() => !gone.value)).subscribe(status);
      gone.subscribe((is) => status.next({ state: is ? "reconnecting" : "online" }));
      return {
        ...signaling,
        status$: status,
        async dispatch(command) {
          if (gone.value) throw lost();
          heard.push(command);
          const { again: _, ...first } = command as Command & { again?: true };
          return signaling.dispatch(first);
        },
      };
    };
    const made = await phonesOn(between, "alice", "bob");
    const engineOf = (name: string) => engines.get(name) as NonNullable<ReturnType<typeof engines.get>>;
    return { ...made, engineOf };
  }

  it("is placed, answered and hung up all the same", async () => {
    const { alice, bob, clock, engineOf } = await world();
    engineOf("alice").gone.next(true);
    const rings = collect(bob.phone.incoming$);
    const outgoing = alice.phone.place({ roomId, audio: true });
    await clock.advance(3_000);
    expect(rings).toEqual([]);
    engineOf("alice").gone.next(false);
    await clock.advance(1_000);
    engineOf("bob").gone.next(true);
    rings[0]?.answer({ audio: true });
    await clock.advance(3_000);
    engineOf("bob").gone.next(false);
    await clock.advance(2_000);
    expect(collect(outgoing.state$)).toEqual(["connected"]);
    const commands = engineOf("bob").heard.filter(({ type }) => type !== "claim");
    expect(commands).toMatchObject([
      { type: "answer", again: true },
      { type: "path", alive: true },
    ]);
    engineOf("alice").gone.next(true);
    outgoing.mute({ audio: true });
    outgoing.hangup();
    await clock.advance(3_000);
    expect(alice.media.openSessions).toBe(0);
    engineOf("alice").gone.next(false);
    await clock.advance(1_000);
    expect(await rings[0]?.ended).toEqual({ by: "peer", reason: "user_hangup" });
    expect(engineOf("alice").heard.at(-1)).toMatchObject({ type: "hangup", again: true });
    expect(engineOf("alice").heard.filter(({ type }) => type === "streams")).toEqual([]);
  });
});
