import { Subject } from "rxjs";
import type { MilestoneName } from "trunkline";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Side, Told } from "../../../demo/ladder.ts";
import { mountLadder } from "../../../demo/ladder-view.ts";
import { connect, loadDocument, openDemo, until } from "./demo-page.ts";

const labels = (selector = ".rung.message") =>
  [...document.querySelectorAll(selector)].map((rung) => rung.getAttribute("aria-label") ?? "");
const figures = () => [...document.querySelectorAll(".figure")].map(({ textContent }) => textContent);
const reached = () =>
  [...document.querySelectorAll<HTMLElement>("[data-step].reached")].map(({ dataset }) => dataset.step);
const isEmpty = () => !document.querySelector<HTMLElement>("[data-part=empty]")?.hidden;

describe("the ladder of a call on the page", () => {
  it("has the messages in the order of the five steps, each with both of its times, and the figures", async () => {
    const demo = openDemo();
    await demo.alice.sees("Ready to call Bob");
    await until(() => expect(figures()).toEqual(["–", "–", "–"]));
    expect([labels(), reached(), isEmpty()]).toEqual([[], [], true]);
    await connect(demo);
    await until(() => expect(labels(".rung.media")).toHaveLength(1));
    demo.alice.press("Hang up");
    await demo.bob.sees("Alice ended the call");
    await until(() => expect(labels().at(-1)).toMatch(/m\.call\.hangup.*Bob receives/));
    const times = String.raw`, (Alice|Bob) \w+ at \d+ ms, (Alice|Bob) \w+ at \d+ ms`;
    const isOrdered = [
      /^A( and B)?: m\.call\.invite \(\d+\)/,
      /^C( and D)?: m\.call\.answer \(\d+\)/,
      /^C: m\.call\.select_answer/,
      /^m\.call\.hangup/,
    ].map((start) => labels().findIndex((label) => start.test(label)));
    expect(isOrdered).not.toContain(-1);
    expect(isOrdered).toEqual(isOrdered.toSorted((a, b) => a - b));
    for (const label of labels()) expect(label).toMatch(new RegExp(times));
    expect([reached(), isEmpty()]).toEqual([["A", "B", "C", "D", "E"], false]);
    for (const figure of figures()) expect(figure).toMatch(/^\d+ ms$/);
  });

  it("begins anew with the next call", async () => {
    const demo = openDemo();
    await connect(demo);
    demo.bob.press("Hang up");
    await demo.alice.sees("Bob ended the call");
    demo.bob.press("Voice call");
    await demo.alice.sees("Bob is calling");
    demo.alice.press("Decline");
    await demo.bob.sees("Alice declined the call");
    await until(() =>
      expect(labels()).toContainEqual(expect.stringMatching(/m\.call\.reject.*Bob receives/)),
    );
    expect(labels()[0]).toMatch(/^A.*m\.call\.invite.*Bob sends/);
    expect(labels().filter((label) => label.includes("invite"))).toHaveLength(1);
    expect(reached()).toEqual(["A", "B", "C"]);
  });
});

describe("a ladder that grows", () => {
  const story$ = new Subject<readonly Told[]>();
  let scroller: HTMLElement;
  const milestone = (side: Side, name: MilestoneName, at: number): Told => ({
    side,
    entry: { kind: "milestone", name, at },
  });
  const story = [
    milestone("alice", "place", 0),
    milestone("bob", "ringing", 20),
    milestone("bob", "accept", 50),
    milestone("alice", "connected", 80),
  ];
  const tell = async (lines: readonly Told[]) => {
    story$.next(lines);
    await until(() => expect(labels(".rung")).toHaveLength(lines.length));
  };

  beforeEach(() => {
    loadDocument();
    mountLadder(document.querySelector("[data-part=ladder]") as HTMLElement, story$);
    scroller = document.querySelector("[data-part=scroller]") as HTMLElement;
  });

  it("leaves the rungs that it has as they are, and has what is new appear", async () => {
    await tell(story.slice(0, 2));
    const [first] = document.querySelectorAll(".rung");
    await tell(story);
    const rungs = [...document.querySelectorAll(".rung")];
    expect(rungs[0]).toBe(first);
    expect(rungs.map((rung) => rung.getAttribute("transform"))).toEqual(
      [16, 48, 80, 112].map((y) => `translate(0 ${y})`),
    );
  });

  it.each([
    ["follows its end", 300, 400],
    ["stays where somebody has scrolled back to", 100, 100],
  ])("%s", async (_, from, to) => {
    await tell(story.slice(0, 1));
    vi.spyOn(scroller, "clientHeight", "get").mockReturnValue(100);
    vi.spyOn(scroller, "scrollHeight", "get").mockReturnValue(400);
    scroller.scrollTop = from;
    await tell(story);
    expect(scroller.scrollTop).toBe(to);
  });

  it("shows what a peer calls its reason as text", async () => {
    const dropped = "<img src=x onerror=alert(1)>";
    await tell([
      milestone("alice", "place", 0),
      {
        side: "bob",
        entry: { kind: "message", direction: "dropped", eventType: "m.call.invite", at: 5, note: dropped },
      },
    ]);
    expect(labels()[0]).toContain(dropped);
    expect(document.querySelector("img")).toBeNull();
  });
});
