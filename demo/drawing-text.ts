import { DRAWINGS, type DrawnStep, LETTERS } from "./drawing.ts";

const code = (text: string) => `\`${text}\``;
const linked = (file: string) => `[${code(file)}](../${file})`;

/** docs/drawing.md, whole. */
export function drawingPage(): string {
  return [
    "# A call, step by step",
    "",
    "Made by `npx vitest run --project unit test/demo/drawing.test.ts -u` from `demo/drawing.ts`. The demo (`npm start`) shows",
    "the same tables under its phones: the letters in its ladder link to them. `npm test` looks for each file, stream and test",
    "that is named here.",
    "",
    "![The demo in a video call: two phones, and between them the call’s messages with their times, marked A to E](images/demo.png)",
    "",
    "Its picture is made by `npm run screenshot`. The numbers are those of the drawing that this library began with, whose",
    "last part has none; elsewhere a step without one has come into the Matrix specification since.",
    ...LETTERS.flatMap((letter) => ["", ...section(letter)]),
    "",
  ].join("\n");
}

function section(letter: (typeof LETTERS)[number]): string[] {
  const { title, summary, steps } = DRAWINGS[letter];
  return [
    `<a id="step-${letter}"></a>`,
    "",
    `## ${letter}. ${title}`,
    "",
    summary,
    "",
    "| | Step | Matrix event | Files | Streams | Shown by |",
    "| --- | --- | --- | --- | --- | --- |",
    ...steps.map(row),
  ];
}

function row({ number, what, event, files, streams, tests }: DrawnStep): string {
  const cells = [
    number ?? "",
    what,
    event ? code(event) : "",
    files.map(linked).join("<br>"),
    streams.map(code).join("<br>"),
    tests.map(({ file, title }) => `${linked(file)}: ${title}`).join("<br>"),
  ];
  return `| ${cells.join(" | ")} |`;
}
