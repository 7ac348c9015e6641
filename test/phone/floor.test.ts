import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { scripted, settle } from "./scripted.ts";
import { collect } from "./world.ts";

type Step = "begin" | "answer" | "hold" | "resume" | "hangup";
type Kind = "outgoing" | "incoming";
type Move = readonly [call: number, step: Step];

const audio = { audio: true };
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);
/** Whether a call is placed or accepted, and not on hold. */
const talks = (call: Call) => {
  const [state, held] = [last(call.state$), last(call.held$)];
  const rings = call.direction === "incoming" && state === "ringing";
  return state !== "ended" && !rings && held?.us === false;
};

/** Plays moves on calls of these kinds; at every moment at most one of them may send the microphone's audio. */
async function play(kinds: readonly Kind[], moves: readonly Move[], negotiable: boolean) {
  const { phone, media, ring, answer } = scripted();
  const calls: (Call | undefined)[] = kinds.map(() => undefined);
  const seen: Call[] = [];
  let most = 0;
  let mostSending = 0;
  const look = () => {
    most = Math.max(most, seen.filter(talks).length);
    mostSending = Math.max(mostSending, media.sendingMicrophones);
  };
  phone.calls$.subscribe((now) => {
    for (const call of now.filter((each) => !seen.includes(each))) {
      seen.push(call);
      call.state$.subscribe(look);
      call.held$.subscribe(look);
      call.localStreams$.subscribe(look);
    }
    look();
  });
  // Which call should talk, by the rule in one's own words: the one placed, accepted or resumed last.
  let active: number | undefined;
  for (const [index, step] of moves) {
    const roomId = `!${index}:test`;
    const call = calls[index] as Call;
    switch (step) {
      case "begin":
        if (kinds[index] === "outgoing") calls[index] = phone.place({ roomId, ...audio });
        else {
          await ring({ roomId, callId: "theirs" }, { negotiable });
          calls[index] = seen.find((each) => each.roomId === roomId);
        }
        if (kinds[index] === "outgoing") active = index;
        break;
      case "answer":
        if (kinds[index] === "outgoing") await answer(call, negotiable);
        else {
          call.answer(audio);
          active = index;
        }
        break;
      case "hold":
        call.hold();
        if (active === index) active = undefined;
        break;
      case "resume":
        call.resume();
        active = index;
        break;
      case "hangup":
        call.hangup();
        if (active === index) active = undefined;
    }
    await settle();
    const talking = calls.flatMap((each, at) => (each && talks(each) ? [at] : []));
    const expected = active === undefined ? [] : [active];
    if (JSON.stringify(talking) !== JSON.stringify(expected) || most > 1 || mostSending > 1) {
      return { moves, talking, expected, most, mostSending };
    }
  }
  return undefined;
}

/** All ways to make so many moves; a call is placed or rings first, and one that rings is not put on hold. */
function* walks(
  kinds: readonly Kind[],
  length: number,
  made: readonly Move[] = [],
): Generator<readonly Move[]> {
  if (length === 0) return yield made;
  for (const [index, kind] of kinds.entries()) {
    const done = made.filter(([at]) => at === index).map(([, step]) => step);
    const engaged = kind === "outgoing" ? done.includes("begin") : done.includes("answer");
    const steps: Step[] = done.includes("hangup")
      ? []
      : done.length === 0
        ? ["begin"]
        : [
            ...(done.includes("answer") ? [] : (["answer"] as const)),
            ...(engaged ? (["hold", "resume", "hangup"] as const) : []),
          ];
    for (const step of steps) yield* walks(kinds, length - 1, [...made, [index, step]]);
  }
}

describe("P47 at most one call sends the microphone's audio", () => {
  it.each([
    [["outgoing", "incoming"], 5, true],
    [["outgoing", "incoming"], 4, false],
    [["outgoing", "outgoing"], 4, true],
    [["incoming", "incoming"], 5, true],
  ] as const)(
    "whatever happens to %j calls, in each order of %d moves; negotiable: %s",
    async (kinds, length, negotiable) => {
      await walk(kinds, length, negotiable);
    },
    60_000,
  );

  it("P47 whatever happens to three calls, once they are placed or ring", async () => {
    const kinds = ["outgoing", "incoming", "outgoing"] as const;
    await walk(
      kinds,
      3,
      true,
      kinds.map((_, index) => [index, "begin"] as const),
    );
  }, 60_000);
});

async function walk(kinds: readonly Kind[], length: number, negotiable: boolean, made: readonly Move[] = []) {
  let walked = 0;
  for (const moves of walks(kinds, length, made)) {
    expect(await play(kinds, moves, negotiable)).toBeUndefined();
    walked++;
  }
  expect(walked).toBeGreaterThan(50);
}
