import { html, raw } from "hono/html";
import { groups } from "../groups.ts";
import type { Results } from "../results.ts";
import { distributions } from "./distributions.ts";
import { tableOf } from "./table.ts";
import { waterfallOf } from "./waterfalls.ts";

/** Which calls are told phase by phase: the rest would say the same again. */
const TOLD = /^(ring\.direct\.video|pickup\.(direct|relay)\.300ms\.video)$/;

/** The results as a page that needs no network. */
export function reportPage(results: Results, style: string): string {
  const { at, rows, failures, homeserver, n, machine, load, versions } = results;
  const all = groups(rows);
  const told = rows.filter(({ name, waterfall }) => waterfall && TOLD.test(name));
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>How fast calls are: Trunkline and matrix-js-sdk</title>
<style>${raw(style)}</style>
<h1>How fast calls are</h1>
<p>
  <span class="key" style="color:var(--ours)">ours</span> Trunkline&emsp;
  <span class="key" style="color:var(--warm)">warm</span> the same with a connection kept ready&emsp;
  <span class="key" style="color:var(--rival)">rival</span> matrix-js-sdk&emsp;
  <span class="key" style="color:var(--floor)">floor</span> the least that anybody could need on this machine
</p>
<p class="faint">Calls of both were placed in turn, in the same browser, over the same homeserver, and the floor was
measured between them. Every dot is one sample, the bar is the median. Less is better unless it says otherwise.</p>
<dl>
  <dt>measured</dt><dd>${at.slice(0, 16).replace("T", " ")} UTC, n = ${n}</dd>
  <dt>homeserver</dt><dd>${homeserver}</dd>
  <dt>machine</dt><dd>${machine.processor}, ${machine.memory}, ${machine.system}</dd>
  <dt>load</dt><dd>${load[0]} before, ${load[1]} at the end</dd>
  <dt>versions</dt><dd>${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}</dd>
</dl>
${failures.length > 0 ? failed(failures) : ""}
${all.map((group) => html`<h2>${group.title}</h2><figure>${raw(distributions(group))}</figure>`)}
${
  told.length > 0
    ? html`<h2>One call, phase by phase</h2>
<p class="faint">The median call of each. Bars lie where the time went:
  <span class="key" style="color:var(--caller)">caller</span>
  <span class="key" style="color:var(--callee)">callee</span>
  <span class="key" style="color:var(--homeserver)">homeserver</span>
  <span class="key" style="color:var(--both)">both ends</span></p>`
    : ""
}
${told.map(
  ({ group, what, waterfall }) =>
    html`<h3>${group}: ${what}</h3><figure>${raw(waterfall ? waterfallOf(waterfall) : "")}</figure>`,
)}
<h2>All figures</h2>
${tableOf(all)}
</html>
`;
  return String(page);
}

function failed(failures: Results["failures"]) {
  return html`<div class="failures"><p><strong>Not measured:</strong></p>
    ${failures.map(({ measure, message }) => html`<p>${measure}: ${message}</p>`)}</div>`;
}
