import { describe, expect, it } from "vitest";
import { DRAWINGS, LETTERS } from "../../../demo/drawing.ts";
import { connect, openDemo, until } from "./demo-page.ts";

const sections = () => [...document.querySelectorAll<HTMLElement>(".drawing section")];

describe("the steps under the demo's phones", () => {
  it("are where the letters above the ladder lead, and those in it", async () => {
    const demo = openDemo();
    await connect(demo);
    await until(() => expect(document.querySelectorAll(".rung.media")).toHaveLength(1));
    const legend = [...document.querySelectorAll(".steps a")];
    expect(legend.map((link) => link.getAttribute("href"))).toEqual(
      LETTERS.map((letter) => `#step-${letter}`),
    );
    const drawn = [...document.querySelectorAll(".rung a")];
    expect(new Set(drawn.map(({ textContent }) => textContent))).toEqual(new Set(LETTERS));
    for (const link of [...legend, ...drawn]) {
      const [letter] = link.textContent ?? "";
      const target = document.querySelector<HTMLElement>(link.getAttribute("href") ?? "");
      expect(target?.querySelector("h3")?.textContent).toBe(`${letter} ${DRAWINGS[letter as "A"].title}`);
      // So that a link to it moves the focus of the keyboard there.
      expect(target?.getAttribute("tabindex")).toBe("-1");
    }
  });

  it("say of each step what goes through the room, where it is found, and which test shows it", async () => {
    await openDemo().alice.sees("Ready to call Bob");
    const rows = sections().map((section) => section.querySelectorAll("tbody tr"));
    expect(rows.map(({ length }) => length)).toEqual(LETTERS.map((letter) => DRAWINGS[letter].steps.length));
    const [offer] = DRAWINGS.A.steps.slice(-1);
    const cells = [...(rows[0]?.[2]?.children ?? [])].map((cell) => [...cell.querySelectorAll("code")]);
    expect(cells.map((codes) => codes.map(({ textContent }) => textContent))).toEqual([
      [],
      [],
      [offer?.event],
      offer?.files,
      offer?.streams,
      offer?.tests.map(({ file }) => file),
    ]);
  });
});
