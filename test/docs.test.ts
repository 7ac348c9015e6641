import { readdirSync, readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";

const files = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"));

it.each(["transport", "worker"])(
  "what docs/%ss.md shows of the examples is what they say, compiled and tested as they are",
  (name) => {
    const page = readFileSync(`docs/${name}s.md`, "utf8");
    const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
    const examples = files(`examples/${name}`);
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.filter((code) => !examples.some((file) => file.includes(code)))).toEqual([]);
  },
);

it("the packages that CONTRIBUTING.md explains are used where it says, and it explains all that we ship with", () => {
  const page = readFileSync("CONTRIBUTING.md", "utf8");
  const [, table = ""] = /## Packages\n\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const rows = table.split("\n").slice(2);
  const named = rows.map((row) =>
    [
      ...row
        .split("|")
        .slice(1, 3)
        .join()
        .matchAll(/`(.+?)`/g),
    ].map(([, name = ""]) => name),
  );
  const uses = (name: string, path: string) => {
    const isFolder = statSync(path).isDirectory();
    const paths = isFolder
      ? readdirSync(path, { recursive: true, encoding: "utf8" }).map((file) => `${path}/${file}`)
      : [path];
    const found = new RegExp(`(from|import|environment:) *\\(?"${name}["/]`);
    return paths.some((file) => file.endsWith(".ts") && found.test(readFileSync(file, "utf8")));
  };
  const unused = named.flatMap(([name = "", ...paths]) =>
    paths.filter((path) => !uses(name, path)).map((path) => `${path} does not import ${name}`),
  );
  expect(unused).toEqual([]);
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync("package.json", "utf8"),
  );
  const explained = named.map(([name]) => name);
  expect(explained).toEqual(expect.arrayContaining(Object.keys({ ...dependencies, ...peerDependencies })));
  const known = Object.keys({ ...dependencies, ...devDependencies });
  expect(explained.filter((name) => !known.includes(name as string))).toEqual([]);
});
