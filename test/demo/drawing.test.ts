import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DRAWINGS, LETTERS } from "../../demo/drawing.ts";
import { drawingPage } from "../../demo/drawing-text.ts";
import { ladder } from "../../demo/ladder.ts";

const steps = LETTERS.flatMap((letter) => DRAWINGS[letter].steps.map((step) => ({ letter, ...step })));
const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");

describe("the drawing of a call, step by step", () => {
  it("is docs/drawing.md", async () => {
    await expect(drawingPage()).toMatchFileSnapshot("../../docs/drawing.md");
  });

  it("names files that are there", () => {
    const named = steps.flatMap(({ files, tests }) => [...files, ...tests.map(({ file }) => file)]);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  it("names streams that are in the files beside them", () => {
    const isIn = (stream: string, file: string) =>
      new RegExp(`(?<![\\w$])${stream.replace("$", "\\$")}(?![\\w$])`).test(read(file));
    const lost = steps.flatMap(({ letter, files, streams }) =>
      streams
        .filter((stream) => !files.some((file) => isIn(stream, file)))
        .map((stream) => `${letter}: ${stream}`),
    );
    expect(lost).toEqual([]);
  });

  it("names tests that are in their files", () => {
    const isTest = (line: string, title: string) => /\b(it|name)\b/.test(line) && line.includes(title);
    const lost = steps.flatMap(({ tests }) =>
      tests.filter(
        ({ file, title }) =>
          !read(file)
            .split("\n")
            .some((line) => isTest(line, title)),
      ),
    );
    expect(lost).toEqual([]);
  });

  it.each([
    ["m.call.invite", "alice"],
    ["m.call.candidates", "alice"],
    ["m.call.answer", "bob"],
    ["m.call.select_answer", "alice"],
    ["m.call.candidates", "bob"],
  ] as const)(
    "has %s of %s, where Alice calls Bob, in the step that the ladder draws it with",
    (eventType, side) => {
      const [, message] = ladder([
        { side: "alice", entry: { kind: "milestone", name: "place", at: 0 } },
        { side, entry: { kind: "message", direction: "sent", eventType, at: 1 } },
      ]);
      const letter = LETTERS.find((each) => each === message?.step);
      expect(letter && DRAWINGS[letter].steps.map(({ event }) => event)).toContain(eventType);
    },
  );

  it("has a picture of at most 150 kB", () => {
    expect(statSync("docs/images/demo.png").size).toBeLessThanOrEqual(150_000);
  });
});
