import { lastValueFrom, takeWhile, toArray } from "rxjs";
import { equal, truthy, within } from "./assert.ts";
import { apart, BAD, BOTH, connect, define, keyOf, type MediaCase, until } from "./media-suite-tools.ts";
import { endsInside } from "./media-suite-wire.ts";

export const candidatesCases: readonly MediaCase[] = [
  define("connects both ways by offer, answer and candidates", async (open) => {
    const [caller, callee] = await connect(open);
    for (const session of [caller, callee]) {
      await until(session.path$, (state) => state === "connected", "the path to connect");
    }
  }),

  define("keeps the peer's candidates until its offer is there", async (open) => {
    const [caller, callee] = [open(), open()];
    const [offer, candidates] = apart(await caller.offer(BOTH));
    callee.addCandidates(candidates);
    const [answer] = apart(await callee.answer(offer, BOTH));
    await caller.accept(answer);
    await until(callee.path$, (state) => state === "connected", "the path to connect");
  }),

  define("keeps the peer's candidates until its answer is there", async (open) => {
    const [caller, callee] = [open(), open()];
    const [offer] = apart(await caller.offer(BOTH));
    const [answer, candidates] = apart(await callee.answer(offer, BOTH));
    caller.addCandidates(candidates);
    await caller.accept(answer);
    await until(caller.path$, (state) => state === "connected", "the path to connect");
  }),

  define("takes a candidate by either way of naming its place, and passes over bad ones", async (open) => {
    for (const place of [{ sdpMid: "0" }, { sdpMLineIndex: 0 }, { sdpMid: "", sdpMLineIndex: 0 }]) {
      const [caller, callee] = [open(), open()];
      const [offer, candidates] = apart(await caller.offer({ audio: true }));
      const [answer] = apart(await callee.answer(offer, { audio: true }));
      await caller.accept(answer);
      callee.addCandidates([...BAD, ...candidates.map(({ candidate }) => ({ candidate, ...place })), ...BAD]);
      await until(
        callee.path$,
        (state) => state === "connected",
        `the path to connect by ${JSON.stringify(place)}`,
      );
    }
  }),

  define(
    "P24 P35 the end marker is inside the description, or the last candidate and names its place; none goes out twice",
    async (open) => {
      for (const late of [false, true]) {
        const [caller, callee] = [open(), open()];
        const offer = await caller.offer(BOTH);
        const answer = await callee.answer(offer, BOTH);
        await caller.accept(answer);
        // Late: subscribed when all have been found, they are still all there.
        if (late) await until(caller.path$, (state) => state === "connected", "the path to connect");
        for (const [session, { description }] of [
          [caller, offer],
          [callee, answer],
        ] as const) {
          const inside = endsInside({ description });
          // Those inside are all there are: what is not told by then never will be.
          if (inside) session.close();
          const found = await within(
            lastValueFrom(
              session.candidates$.pipe(
                takeWhile(({ candidate }) => candidate !== "", true),
                toArray(),
              ),
            ),
            "the end marker",
          );
          const last = found.filter(({ candidate }) => candidate === "");
          equal(last, inside ? [] : [{ candidate: "", sdpMid: "0", sdpMLineIndex: 0 }], "the end marker");
          const keys = found.map(keyOf);
          equal(keys.length, new Set(keys).size, "candidates, each once");
          const held = apart({ description })[1].map(keyOf);
          truthy(held.length > 0, "P23 the description holds candidates");
          equal(
            keys.filter((key) => held.includes(key)),
            [],
            "candidates that the description held too",
          );
        }
      }
    },
  ),
];
