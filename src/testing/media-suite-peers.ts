import { ReplaySubject } from "rxjs";
import type { MediaSession, RemoteDescription, SessionDescription } from "../streams/contract.ts";
import { equal, rejects, truthy, within } from "./assert.ts";
import {
  BOTH,
  collect,
  define,
  kinds,
  limited,
  type MediaCase,
  now,
  throws,
  until,
} from "./media-suite-tools.ts";

const AUDIO = { audio: true };
const CAMERA = "m.usermedia true true";
const SCREEN = "m.screenshare false true";

/** As an older client, or one of another make, would send it. */
const plain = ({ description }: SessionDescription): RemoteDescription => ({
  description,
  negotiable: false,
});
const unlisted = ({ description }: SessionDescription): RemoteDescription => ({ description });

const negotiations = (session: MediaSession) => {
  const emitted = new ReplaySubject<SessionDescription>();
  session.negotiations$.subscribe(emitted);
  return emitted;
};
/** Calls with peers that do not negotiate, have not shown that they do, or list no streams. */
export const peersCases: readonly MediaCase[] = [
  define(
    "a peer that does not negotiate is asked for nothing new, and devices stay off",
    async (open, world) => {
      const [caller] = await limited(open, AUDIO, plain);
      const emitted = collect(caller.negotiations$);
      const { tracks } = world.stillOpen();
      await rejects(caller.change({ video: true }), "wrong_state");
      await rejects(caller.shareScreen(), "wrong_state");
      throws(() => caller.openChannel("notes"), "wrong_state");
      equal((await now(caller.localStreams$)).map(kinds), ["m.usermedia true false"], "our own streams");
      equal(world.stillOpen().tracks, tracks, "open tracks");
      await caller.change({ audio: { echoCancellation: false } });
      caller.close();
      equal(await within(emitted, "the negotiations to complete"), [], "descriptions after the first");
    },
  ),

  define(
    "P26 to a peer that does not negotiate a screen is sent in place of the camera",
    async (open, world) => {
      const [caller, callee] = await limited(open, BOTH, plain);
      const emitted = collect(caller.negotiations$);
      const shown = await now(callee.remoteStreams$);
      for (let time = 0; time < 2; time++) {
        await caller.shareScreen({ audio: true });
        equal((await now(caller.localStreams$)).map(kinds), [CAMERA, SCREEN], "our own streams");
        equal(world.stillOpen().tracks, 5, "open tracks: the screen has no sound of its own");
        caller.hold(true);
        caller.hold(false);
        if (time > 0) await caller.change({ video: { frameRate: 10 } });
        caller.stopSharing();
        equal((await now(caller.localStreams$)).map(kinds), [CAMERA], "our own streams");
      }
      await caller.change({ video: false });
      await caller.shareScreen();
      caller.stopSharing();
      await caller.change({ video: true });
      truthy((await now(callee.remoteStreams$)) === shown, "what the peer is shown");
      caller.close();
      equal(await within(emitted, "the negotiations to complete"), [], "descriptions after the first");
    },
  ),

  define("P26 to a peer that lists no streams a screen is the video of the one stream", async (open) => {
    for (const capture of [BOTH, AUDIO]) {
      const [caller, callee] = await limited(open, capture, unlisted);
      const emitted = negotiations(caller);
      await caller.shareScreen();
      // In a call with a camera nothing of it has to be offered, so a new path is.
      if (capture === BOTH) caller.restartIce();
      await callee.negotiate(await until(emitted, () => true, "an offer"));
      equal((await now(callee.remoteStreams$)).length, 1, "the streams at the peer");
      caller.close();
    }
  }),

  define("a screen waits for the answer, which shows how the peer takes it", async (open, world) => {
    const caller = open();
    await caller.offer(BOTH);
    await rejects(caller.shareScreen(), "wrong_state");
    equal(world.stillOpen().tracks, 2, "open tracks");
  }),

  define(
    "P19 a new path is offered where it is asked for, also to a peer that may not negotiate",
    async (open) => {
      const [caller, callee] = await limited(open, AUDIO, plain);
      const emitted = negotiations(caller);
      caller.hold(true);
      caller.restartIce();
      const offer = await until(emitted, () => true, "an offer");
      const reply = until(callee.negotiations$, () => true, "an answer");
      await callee.negotiate(offer);
      equal((await now(callee.held$)).peer, false, "whether the offer of a path says that we hold");
      // With its answer the peer has shown that it negotiates: what it could not be told follows.
      await caller.negotiate(plain(await reply));
      const next = await until(emitted, (each) => each !== offer, "the offer of the hold");
      await callee.negotiate(next);
      equal((await now(callee.held$)).peer, true, "whether the peer is told of the hold");
    },
  ),

  define("P19 a peer that negotiates by itself is one to negotiate with", async (open) => {
    const [caller, callee] = await limited(open, AUDIO, plain);
    const theirs = until(callee.negotiations$, () => true, "an offer of the peer's");
    await callee.change({ video: true });
    const reply = until(caller.negotiations$, () => true, "an answer");
    await caller.negotiate(plain(await theirs));
    await callee.negotiate(await reply);
    const offered = until(
      caller.negotiations$,
      ({ description }) => description.type === "offer",
      "an offer",
    );
    await caller.change({ video: true });
    caller.openChannel("notes");
    await offered;
  }),
];
