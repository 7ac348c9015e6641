import type { MediaSession } from "../streams/contract.ts";
import { equal, truthy, within } from "./assert.ts";
import { BOTH, collect, connect, define, infoOf, type MediaCase, now, until } from "./media-suite-tools.ts";
import { Wire } from "./media-suite-wire.ts";

/** Who is held, when it has come to that. */
const held = (session: MediaSession, us: boolean, peer: boolean) =>
  until(session.held$, (is) => is.us === us && is.peer === peer, `held by us ${us}, by the peer ${peer}`);

export const holdCases: readonly MediaCase[] = [
  define("P19 either side holds and resumes, both at once too, and each knows", async (open) => {
    const [caller, callee, wire] = await connect(open);
    equal(await now(caller.held$), { us: false, peer: false }, "held at first");
    caller.hold(true);
    equal((await now(caller.held$)).us, true, "held by us, at once");
    await held(callee, false, true);
    callee.hold(true);
    await held(caller, true, true);
    await held(callee, true, true);
    caller.hold(false);
    await held(callee, true, false);
    await held(caller, false, true);
    callee.hold(false);
    await held(caller, false, false);
    await held(callee, false, false);
    wire.check();
  }),

  define("P19 who only listens holds, and is held", async (open) => {
    const [caller, callee, wire] = await connect(open, BOTH, {});
    equal(
      [await now(caller.held$), await now(callee.held$)],
      Array(2).fill({ us: false, peer: false }),
      "held",
    );
    callee.hold(true);
    await held(caller, false, true);
    caller.hold(true);
    await held(callee, true, true);
    callee.hold(false);
    await held(caller, true, false);
    caller.hold(false);
    await held(callee, false, false);
    wire.check();
  }),

  define("hold says what is sent as before, and keeps the devices", async (open, world) => {
    const [caller, callee] = await connect(open);
    const ours = await now(caller.localStreams$);
    const shown = (await now(callee.remoteStreams$)).map(infoOf);
    caller.hold(true);
    await held(callee, false, true);
    truthy((await now(caller.localStreams$)) === ours, "our streams are the same");
    equal((await now(callee.remoteStreams$)).map(infoOf), shown, "what the peer shows");
    equal(world.stillOpen().tracks, 4, "open tracks");
  }),

  define("what changes on hold is there when it resumes", async (open) => {
    const [caller, callee, wire] = await connect(open, { audio: true });
    caller.hold(true);
    await held(callee, false, true);
    await caller.change({ video: true });
    caller.hold(false);
    await held(callee, false, false);
    await until(callee.remoteStreams$, ([stream]) => stream?.videoMuted === false, "the video");
    wire.check();
  }),

  define("P47 holding twice is holding once, and a call may begin on hold", async (open) => {
    const [session, callee, wire] = [open(), open(), new Wire()];
    const states = collect(session.held$);
    session.hold(true);
    session.hold(true);
    const offer = await session.offer(BOTH);
    wire.connect(session, callee);
    const answer = await callee.answer(offer, BOTH);
    equal((await now(callee.held$)).peer, false, "held by the peer, who may be unable to resume");
    await session.accept(answer);
    wire.connect(callee, session);
    await held(callee, false, true);
    session.close();
    equal(
      await within(states, "the states to complete"),
      [
        { us: false, peer: false },
        { us: true, peer: false },
      ],
      "the states",
    );
  }),

  define("P47 a peer that cannot negotiate is held locally only, from the start too", async (open) => {
    for (const holder of ["caller", "callee"] as const) {
      const sides = { caller: open(), callee: open() };
      const { caller, callee } = sides;
      const negotiations = [collect(caller.negotiations$), collect(callee.negotiations$)];
      sides[holder].hold(true);
      const offer = await caller.offer(BOTH);
      const answer = await callee.answer({ ...offer, negotiable: false }, BOTH);
      await caller.accept({ ...answer, negotiable: false });
      caller.candidates$.subscribe((candidate) => callee.addCandidates([candidate]));
      callee.candidates$.subscribe((candidate) => caller.addCandidates([candidate]));
      await until(caller.path$, (state) => state === "connected", "the path");
      for (const on of [false, true]) {
        sides[holder].hold(on);
        equal((await now(sides[holder].held$)).us, on, "held by us");
      }
      caller.close();
      callee.close();
      const emitted = await within(Promise.all(negotiations), "the negotiations to complete");
      equal(emitted, [[], []], "descriptions after the first");
    }
  }),

  define("holds that cross settle", async (open) => {
    const [caller, callee, wire] = await connect(open);
    for (const on of [true, false, true, false]) {
      await wire.cross(async () => {
        caller.hold(on);
        callee.hold(on);
      });
      await held(caller, on, on);
      await held(callee, on, on);
    }
    wire.check();
  }),
];
