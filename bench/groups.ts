import type { Row } from "./row.ts";

export interface Group {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

/** Rows that are read together, wherever they stand: those of one group, else of one measure, and of one unit. */
export function groups(rows: readonly Row[]): Group[] {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([titleOf(row), row.unit]);
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found.values()].flatMap((members) => {
    const [first] = members;
    return first ? [{ title: titleOf(first), unit: first.unit, rows: members }] : [];
  });
}

const titleOf = ({ name, group }: Row): string => group ?? name.split(".")[0] ?? name;
