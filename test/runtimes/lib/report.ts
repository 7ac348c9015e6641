/** What came of a suite, as data: it may run in another runtime than the test that asks for it. */
export interface Report {
  readonly passed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly why: string }[];
}

export interface Case {
  readonly name: string;
  run(): Promise<void>;
}

export async function reportOf(cases: readonly Case[]): Promise<Report> {
  const passed: string[] = [];
  const failed: { name: string; why: string }[] = [];
  for (const { name, run } of cases) {
    try {
      await run();
      passed.push(name);
    } catch (error) {
      failed.push({ name, why: String(error) });
    }
  }
  return { passed, failed };
}
