import { equal, rejects } from "./assert.ts";
import { BOTH, collect, define, kinds, type MediaCase, now, until } from "./media-suite-tools.ts";

const HEARD = "m.usermedia true false";
const SEEN = "m.usermedia true true";

/** What becomes of a call whose devices do not open, or do not stay. */
export const deviceCases: readonly MediaCase[] = [
  define(
    "a camera that does not open is a warning: the call is offered and answered with audio",
    async (open, world) => {
      world.denyDevices(true, "video");
      const [caller, callee] = [open(), open()];
      const offer = await caller.offer(BOTH);
      const answer = await callee.answer(offer, BOTH);
      await caller.accept(answer);
      for (const [session, { streams }] of [
        [caller, offer],
        [callee, answer],
      ] as const) {
        const { code, kind } = await until(session.warnings$, () => true, "a warning");
        equal([code, kind], ["media_denied", "video"], "the warning");
        equal(streams?.map(kinds), [HEARD], "the streams of the description");
        equal((await now(session.localStreams$)).map(kinds), [HEARD], "our own streams");
      }
      equal(world.stillOpen().tracks, 2, "open tracks");
      world.denyDevices(false);
      await caller.change({ video: true });
      equal((await now(caller.localStreams$)).map(kinds), [SEEN], "our own streams, with a camera");
      const warnings = collect(caller.warnings$);
      caller.close();
      equal(await warnings, [], "later warnings");
    },
  ),

  define("an error says which device it is about, and the microphone is essential", async (open, world) => {
    const offer = await open().offer(BOTH);
    for (const [capture, denied, kind] of [
      [BOTH, "audio", "audio"],
      [{ audio: true }, "audio", "audio"],
      [{ video: true }, "video", "video"],
    ] as const) {
      world.denyDevices(true, denied);
      const [caller, callee] = [open(), open()];
      equal(
        (await rejects(caller.offer(capture), "media_denied")).kind,
        kind,
        "the kind of the offer's error",
      );
      equal(
        (await rejects(callee.answer(offer, capture), "media_denied")).kind,
        kind,
        "the kind of the answer's error",
      );
      equal(world.stillOpen().tracks, 2, "open tracks");
      world.denyDevices(false);
      await callee.answer(offer, capture);
      callee.close();
    }
  }),

  define("changing both where one is refused changes nothing, and says which", async (open, world) => {
    const [caller, callee] = [open(), open()];
    await caller.accept(await callee.answer(await caller.offer({ audio: true }), {}));
    for (const kind of ["audio", "video"] as const) {
      world.denyDevices(true, kind);
      const refused = await rejects(callee.change(BOTH), "media_denied");
      equal(refused.kind, kind, "the kind of the error");
      equal(
        [(await now(callee.localStreams$)).length, world.stillOpen().tracks],
        [0, 1],
        "streams, and tracks",
      );
      world.denyDevices(false);
    }
  }),
];
