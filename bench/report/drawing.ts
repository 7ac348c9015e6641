import * as Plot from "@observablehq/plot";
import { Window } from "happy-dom";

const { document } = new Window();

/** A plot as the text of an SVG, in the page's own font and colours. */
export function draw(options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    // What Plot asks of a document is there; the types are of different makes.
    document: document as unknown as Document,
    style: { fontSize: "12px", overflow: "visible" },
    ...options,
  });
  return svg.outerHTML;
}
