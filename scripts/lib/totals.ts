export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

export const none: Totals = { passed: 0, failed: 0 };

export function add(a: Totals, b: Totals): Totals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** The last line of a test run, which others read. */
export function totalsLine({ passed, failed }: Totals): string {
  return `tests: ${passed} passed, ${failed} failed`;
}

/** Totals of a command that passes or fails as a whole. */
export function totalsOfCommand(code: number): Totals {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Totals of a vitest run, by its JSON report and its exit code. A run can fail without a failed test (a file that does
 * not load, an unhandled rejection, no test at all, no report): that counts as one.
 */
export function totalsOfVitest(report: string | undefined, code: number): Totals {
  const { passed, failed } = readReport(report);
  return { passed, failed: code === 0 && passed > 0 ? failed : Math.max(failed, 1) };
}

function readReport(report = "{}"): Totals {
  const { numPassedTests, numFailedTests } = parse(report);
  const whole = typeof numPassedTests === "number" && typeof numFailedTests === "number";
  return whole ? { passed: numPassedTests, failed: numFailedTests } : none;
}

/** No properties where the report was cut off. */
function parse(report: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(report) };
  } catch {
    return {};
  }
}
