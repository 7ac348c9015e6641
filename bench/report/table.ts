import { html } from "hono/html";
import type { Group } from "../groups.ts";
import type { Row } from "../row.ts";
import { COLUMNS, figuresOf } from "../terminal.ts";

/** Every row with its medians, what they are to each other, and how it is called in the JSON. */
export function tableOf(groups: readonly Group[]) {
  return html`<div class="scroll"><table>
    <thead><tr>
      <th>median</th>${COLUMNS.map((name) => html`<th>${name}</th>`)}<th>n</th>
    </tr></thead>
    <tbody>
      ${groups.map(
        ({ title, unit, rows }) =>
          html`<tr><th colspan="${COLUMNS.length + 2}">${title}, ${unit}</th></tr>
            ${rows.map(line)}`,
      )}
    </tbody>
  </table></div>`;
}

function line(row: Row) {
  return html`<tr>
    <td title="${row.name}">${row.what}${row.better === "more" ? " (more is better)" : ""}</td>
    ${figuresOf(row).map((figure) => html`<td>${figure}</td>`)}<td>${row.n}</td>
  </tr>`;
}
