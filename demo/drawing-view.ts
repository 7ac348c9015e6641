import { DRAWINGS, type DrawnStep, LETTERS } from "./drawing.ts";

/** Fills `root` with the five steps of a call, each to be reached by `#step-A` and so on. */
export function mountDrawing(root: HTMLElement): void {
  for (const letter of LETTERS) {
    const { title, summary, steps } = DRAWINGS[letter];
    const heading = element("h3", element("b", letter), ` ${title}`);
    const names = ["", "Step", "Matrix event", "Files", "Streams", "Shown by"];
    const head = element("tr", ...names.map((name) => element("th", name)));
    const table = element("table", element("thead", head), element("tbody", ...steps.map(row)));
    const section = element("section", heading, element("p", summary), element("div", table));
    section.id = `step-${letter}`;
    // A link to it moves the focus there too.
    section.tabIndex = -1;
    root.append(section);
  }
}

function row({ number, what, event, files, streams, tests }: DrawnStep): HTMLElement {
  const list = (...items: (readonly (Node | string)[])[]) =>
    element("td", ...items.map((item) => element("div", ...item)));
  return element(
    "tr",
    element("td", String(number ?? "")),
    element("td", what),
    event ? element("td", element("code", event)) : element("td"),
    list(...files.map((file) => [element("code", file)])),
    list(...streams.map((stream) => [element("code", stream)])),
    list(...tests.map(({ file, title }) => [element("code", file), ` ${title}`])),
  );
}

function element(tag: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}
