import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const files = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"));

it("what docs/transports.md shows of the examples is what they say, compiled and tested as they are", () => {
  const page = readFileSync("docs/transports.md", "utf8");
  const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
  const examples = files("examples/transport");
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.filter((code) => !examples.some((file) => file.includes(code)))).toEqual([]);
});
