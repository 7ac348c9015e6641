import { expect, it } from "vitest";
import { askedVersions, VERSIONS } from "../interop/older/versions.ts";
import { olderTable, pairTables, type Result } from "../interop/tables.ts";

const result = (over: Partial<Result>): Result => ({
  scenario: "voice",
  caller: "Trunkline",
  callee: "matrix-js-sdk 9",
  homeserver: "embedded",
  state: "passed",
  ...over,
});

it("has two columns for each older version, and says once below why something was left out", () => {
  const back = { caller: "matrix-js-sdk 9", callee: "Trunkline" };
  const left = { state: "skipped", reason: "It cannot." } as const;
  const table = olderTable([
    result({}),
    result(back),
    result({ scenario: "video", ...left }),
    result({ scenario: "video", ...back, state: "failed" }),
    result({ scenario: "screen", ...left }),
  ]);
  expect(table.split("\n")).toEqual([
    "| Scenario | calls 9 | 9 calls |",
    "| --- | --- | --- |",
    "| voice | yes | yes |",
    "| video | (1) | **no** |",
    "| screen | (1) |  |",
    "",
    "1. It cannot.",
    "",
  ]);
});

it("has a table for each two, and calls a gap what has no scenario one way", () => {
  const tables = pairTables([
    result({ caller: "A", callee: "B" }),
    result({ caller: "B", callee: "A" }),
    result({ caller: "B", callee: "A", scenario: "video" }),
  ]);
  expect(tables).toContain("### A and B\n");
  expect(tables).toContain("| video | gap | yes |");
});

it("knows which older versions there are", () => {
  expect(askedVersions("9,34")).toEqual(["9", "34"]);
  expect(askedVersions("all")).toEqual(Object.keys(VERSIONS));
  expect(() => askedVersions("9,11")).toThrow('There is no version "11"');
});
