import { ReplaySubject } from "rxjs";
import type { Candidate, MediaSession } from "../streams/contract.ts";
import { equal, rejects, truthy, within } from "./assert.ts";
import {
  apart,
  BOTH,
  collect,
  connect,
  define,
  kinds,
  type MediaCase,
  now,
  until,
} from "./media-suite-tools.ts";
import { endsInside } from "./media-suite-wire.ts";

const connected = (session: MediaSession) =>
  until(session.path$, (state) => state === "connected", "the path to connect");

/** Offers of our own that lose to the peer's (P21), and paths that are made anew. */
export const glareCases: readonly MediaCase[] = [
  define(
    "P21 an offer that was made gives way to the peer's, with the devices that are open",
    async (open, world) => {
      const [loser, winner] = [open(), open()];
      const lost = await loser.offer(BOTH);
      const offer = await winner.offer(BOTH);
      const [own] = await now(loser.localStreams$);
      equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
      // By then the gathering of the offer that was made before has ended, too.
      const theirs$ = new ReplaySubject<Candidate>();
      winner.candidates$.subscribe(theirs$);
      if (!endsInside(offer)) await until(theirs$, ({ candidate }) => candidate === "", "the end marker");
      // Refused from here on: what is open must do.
      world.denyDevices(true);
      const answer = await loser.answer(offer, {});
      await rejects(loser.answer(offer, BOTH), "wrong_state");
      const found$ = new ReplaySubject<Candidate>();
      loser.candidates$.subscribe(found$);
      found$.subscribe((candidate) => winner.addCandidates([candidate]));
      theirs$.subscribe((candidate) => loser.addCandidates([candidate]));
      await winner.accept(answer);
      await Promise.all([connected(loser), connected(winner)]);
      equal(answer.streams?.map(kinds), ["m.usermedia true true"], "the answer's streams");
      truthy((await now(loser.localStreams$))[0]?.stream === own?.stream, "the stream is the same");
      equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
      const old = apart(lost)[1].map(({ candidate }) => candidate);
      const ends = endsInside(answer) ? [] : [""];
      if (ends.length > 0) await until(found$, ({ candidate }) => candidate === "", "the end marker");
      loser.close();
      const found = (await within(collect(found$), "the candidates to complete")).map(
        ({ candidate }) => candidate,
      );
      equal(
        found.filter((candidate) => candidate === "" || old.includes(candidate)),
        ends,
        "candidates of the offer that gave way, and end markers",
      );
    },
  ),

  define("P21 an offer that is being made is rejected, and its devices are used", async (open, world) => {
    const offer = await open().offer(BOTH);
    const loser = open();
    const pending = rejects(loser.offer(BOTH), "closed");
    const answer = await loser.answer(offer, { audio: true });
    await pending;
    equal(answer.streams?.map(kinds), ["m.usermedia true true"], "the answer's streams");
    equal(world.stillOpen(), { tracks: 4, connections: 2 }, "open tracks and connections");
  }),

  define("P21 who gave way is polite, and milestones are of the call that goes on", async (open) => {
    const [loser, winner] = [open(), open()];
    await loser.offer({ audio: true });
    const offer = await winner.offer({ audio: true });
    const answer = await loser.answer(offer, {});
    loser.candidates$.subscribe((candidate) => winner.addCandidates([candidate]));
    await winner.accept(answer);
    await connected(loser);
    const milestones = collect(loser.milestones$);
    const [ours, theirs] = [loser, winner].map((each) => until(each.negotiations$, () => true, "an offer"));
    await Promise.all([loser.change({ video: true }), winner.change({ video: true })]);
    const [crossing, winning] = [await ours, await theirs];
    if (!crossing || !winning) throw new Error("there are two offers");
    await winner.negotiate(crossing);
    const next = until(loser.negotiations$, () => true, "an answer");
    await loser.negotiate(winning);
    equal((await next).description.type, "answer", "what is said to the offer");
    loser.close();
    const names = (await within(milestones, "the milestones to complete")).map(({ name }) => name);
    equal(
      names.filter((name) => name === "description_made" || name === "media_opened").sort(),
      ["description_made", "media_opened"],
      "milestones",
    );
  }),

  define(
    "P24 an ICE restart is one offer; both gather anew, to the end marker; the call goes on",
    async (open) => {
      const [caller, callee, wire] = await connect(open, { audio: true });
      const milestones = collect(caller.milestones$);
      await Promise.all([caller, callee].map((session) => wire.gathered(session, 1)));
      const before = wire.count;
      const said = [caller, callee].map((session) =>
        until(session.negotiations$, () => true, "a description"),
      );
      caller.restartIce();
      const descriptions = await Promise.all(said);
      equal(
        descriptions.map(({ description }) => description.type),
        ["offer", "answer"],
        "what was said",
      );
      for (const each of descriptions) truthy(apart(each)[1].length > 0, "P23 it holds candidates");
      await Promise.all([caller, callee].map((session) => wire.gathered(session, 2)));
      await connected(caller);
      await connected(callee);
      equal(wire.count, before + 2, "descriptions said");
      caller.close();
      const names = (await within(milestones, "the milestones to complete")).map(({ name }) => name);
      equal(names.filter((name) => name === "ice_restarted").length, 1, "restarts told");
      wire.check();
    },
  ),
];
