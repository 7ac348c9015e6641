import { animationFrameScheduler, auditTime, combineLatest, Observable, startWith } from "rxjs";
import { ladder, type Rung, stepsOf, type Told } from "./ladder.ts";
import { drawLanes, drawRung, RUNG_HEIGHT, svg } from "./ladder-svg.ts";
import { latencies } from "./latencies.ts";
import { part } from "./parts.ts";

/** Draws the story of a call as it grows. */
export function mountLadder(root: HTMLElement, story$: Observable<readonly Told[]>): void {
  const scroller = part(root, "scroller", HTMLElement);
  const drawing = svg("svg", { role: "list", "aria-label": "Messages of the call" });
  scroller.append(drawing);
  let drawn: { readonly key: string; readonly element: SVGElement }[] = [];

  const draw = (rungs: readonly Rung[], width: number) => {
    const before = drawn;
    drawn = rungs.map((rung, index) => {
      const key = JSON.stringify([rung, width]);
      const same = before[index]?.key === key;
      const element = same && before[index] ? before[index].element : drawRung(rung, width);
      // What was there before only changes; what is new appears.
      if (!before[index]) element.classList.add("new");
      element.setAttribute("transform", `translate(0 ${(index + 0.5) * RUNG_HEIGHT})`);
      return { key, element };
    });
    const following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < RUNG_HEIGHT;
    drawing.setAttribute("width", String(width));
    drawing.setAttribute("height", String(rungs.length * RUNG_HEIGHT));
    drawing.replaceChildren(drawLanes(rungs.length, width), ...drawn.map(({ element }) => element));
    part(root, "empty", HTMLElement).hidden = rungs.length > 0;
    if (following) scroller.scrollTop = scroller.scrollHeight;
  };

  combineLatest([story$.pipe(startWith([])), width$(scroller)])
    .pipe(auditTime(0, animationFrameScheduler))
    .subscribe(([told, width]) => {
      const rungs = ladder(told);
      draw(rungs, width);
      markSteps(root, rungs);
      showLatencies(root, told);
    });
}

/** The width inside the element; emits on subscription and on each change. */
const width$ = (element: HTMLElement) =>
  new Observable<number>((subscriber) => {
    const observer = new ResizeObserver(() => subscriber.next(Math.max(280, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  });

function markSteps(root: HTMLElement, rungs: readonly Rung[]): void {
  const reached: ReadonlySet<string> = stepsOf(rungs);
  for (const item of root.querySelectorAll<HTMLElement>("[data-step]")) {
    item.classList.toggle("reached", reached.has(item.dataset.step ?? ""));
  }
}

function showLatencies(root: HTMLElement, told: readonly Told[]): void {
  const figures = latencies(told).map(({ name, span, ms }) => {
    const figure = document.createElement("div");
    const [term, value, meaning] = ["dt", "dd", "dd"].map((tag) => document.createElement(tag));
    if (!term || !value || !meaning) return figure;
    term.textContent = name;
    value.textContent = ms === undefined ? "–" : `${ms.toFixed(0)} ms`;
    value.className = "figure";
    meaning.textContent = span;
    figure.append(term, value, meaning);
    return figure;
  });
  part(root, "latencies", HTMLElement).replaceChildren(...figures);
}
