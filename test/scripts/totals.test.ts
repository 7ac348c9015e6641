import { expect, it } from "vitest";
import { add, totalsLine, totalsOfCommand, totalsOfVitest } from "../../scripts/lib/totals.ts";

const report = (numPassedTests: number, numFailedTests: number) =>
  JSON.stringify({ numPassedTests, numFailedTests });

it("sums to one line", () => {
  const sum = [totalsOfCommand(0), totalsOfCommand(0), totalsOfVitest(report(40, 2), 1)].reduce(add);
  expect(totalsLine(sum)).toBe("tests: 42 passed, 2 failed");
});

it("counts a command as one", () => {
  expect(totalsOfCommand(0)).toEqual({ passed: 1, failed: 0 });
  expect(totalsOfCommand(127)).toEqual({ passed: 0, failed: 1 });
});

it("counts the tests of a vitest run", () => {
  expect(totalsOfVitest(report(7, 0), 0)).toEqual({ passed: 7, failed: 0 });
  expect(totalsOfVitest(report(7, 3), 1)).toEqual({ passed: 7, failed: 3 });
});

it("counts a run that failed without a failed test, as by an unhandled rejection", () => {
  expect(totalsOfVitest(report(7, 0), 1)).toEqual({ passed: 7, failed: 1 });
});

it("counts a run without a report as failed, whatever its exit code", () => {
  expect(totalsOfVitest(undefined, 1)).toEqual({ passed: 0, failed: 1 });
  expect(totalsOfVitest(undefined, 0)).toEqual({ passed: 0, failed: 1 });
});

it("counts a run whose report is cut off or is none as failed", () => {
  expect(totalsOfVitest('{"numPassedTests": 7, "numFai', 0)).toEqual({ passed: 0, failed: 1 });
  expect(totalsOfVitest("{}", 0)).toEqual({ passed: 0, failed: 1 });
  expect(totalsOfVitest("null", 0)).toEqual({ passed: 0, failed: 1 });
});

it("counts a run without any tests as failed", () => {
  expect(totalsOfVitest(report(0, 0), 0)).toEqual({ passed: 0, failed: 1 });
});
