import { html } from "hono/html";
import type { Group } from "../groups.ts";
import { type Row, ratio, type Side } from "../row.ts";
import { digits } from "../terminal.ts";

/** Every row with its medians, what they are to each other, and how it is called in the JSON. */
export function tableOf(groups: readonly Group[]) {
  return html`<div class="scroll"><table>
    <thead><tr>
      <th>median</th><th>ours</th><th>rival</th><th>floor</th><th>ours/rival</th><th>ours/floor</th><th>n</th>
    </tr></thead>
    <tbody>
      ${groups.map(
        ({ title, unit, rows }) =>
          html`<tr><th colspan="7">${title}, ${unit}</th></tr>
            ${rows.map(line)}`,
      )}
    </tbody>
  </table></div>`;
}

function line(row: Row) {
  const of = (side: Side) => (row[side] === undefined ? "" : digits(row[side]));
  const to = (side: "rival" | "floor") => ratio(row, side)?.toFixed(2) ?? "";
  return html`<tr>
    <td title="${row.name}">${row.what}${row.better === "more" ? " (more is better)" : ""}</td>
    <td>${of("ours")}</td><td>${of("rival")}</td><td>${of("floor")}</td>
    <td>${to("rival")}</td><td>${to("floor")}</td><td>${row.n}</td>
  </tr>`;
}
