/** The samples of the pages that show how to use the package are what a compiler takes. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../scripts/lib/run.ts";

/** Within the package, so that it can be imported by its name. */
const folder = resolve("dist/.build/samples");

const PAGES = ["docs/integration.md", "docs/encrypted-rooms.md"];

/** Of each block of TypeScript on the pages, what it says. */
const samples = PAGES.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code),
);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const [index, code] of samples.entries())
    writeFileSync(join(folder, `${index}.ts`), `${code}export {};\n`);
  const compilerOptions = {
    lib: ["ES2023", "DOM"],
    types: ["node"],
    composite: false,
    noEmit: true,
    noUnusedLocals: false,
    rootDir: "../../..",
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: resolve("tsconfig.base.json"),
      compilerOptions,
      include: ["*.ts"],
      exclude: [],
    }),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

it(`the samples of ${PAGES.join(" and ")} compile`, async () => {
  expect(samples.length).toBeGreaterThan(1);
  expect(await run("node_modules/.bin/tsc", ["-p", folder])).toEqual({ code: 0, output: "" });
});
