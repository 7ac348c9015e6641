import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseAst } from "vitest/node";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** What each folder may import beside itself. Only what is no part of a phone may import `testing`. */
const ALLOWED: Record<string, readonly string[]> = {
  streams: [],
  comlink: ["streams"],
  signaling: ["streams"],
  media: ["streams"],
  phone: ["streams"],
  worker: ["streams", "comlink"],
  testing: ["streams", "comlink", "signaling", "media", "phone", "worker"],
  bench: ["streams", "signaling", "phone", "testing"],
  "index.ts": ["streams", "phone"],
};

/** What meets the engine, in the worker or on the same thread: what is on a page that spawns never imports it. */
const WITH_ENGINE = [
  "worker/encrypted-entry.ts",
  "worker/entry.ts",
  "worker/local.ts",
  "worker/shared-entry.ts",
];
const isWorkerSide = (file: string) =>
  WITH_ENGINE.includes(file) || /^worker\/(host|leader-host|hub[a-z-]*)\.ts$/.test(file);

interface Import {
  readonly name: string;
  /** Gone when the types are: it loads nothing. */
  readonly typeOnly: boolean;
}

type Imports = ReadonlyMap<string, readonly Import[]>;

interface Node {
  readonly type?: string;
  readonly source?: { readonly value?: unknown } | null;
  readonly importKind?: "type" | "value";
  readonly exportKind?: "type" | "value";
}

/** Every import, export from, `import()` and `import("…")` type of a module. */
function importsOf(code: string): Import[] {
  const found: Import[] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    const { type = "", source, importKind, exportKind } = node as Node;
    if (/^(Import|Export|TSImport)/.test(type) && typeof source?.value === "string") {
      const typeOnly = type === "TSImportType" || (importKind ?? exportKind) === "type";
      found.push({ name: source.value, typeOnly });
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(code, { lang: "ts" }));
  return found;
}

/** Modules of src, by their path in it, with what they import: paths in src, or the names of packages. */
function readGraph(): Imports {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return new Map(
    files.map((file) => {
      const imports = importsOf(readFileSync(join(src, file), "utf8")).map(({ name, typeOnly }) => ({
        name: name.startsWith(".") ? join(dirname(file), name) : name,
        typeOnly,
      }));
      return [file, imports];
    }),
  );
}

const folderOf = (file: string) => file.split("/")[0] as string;

function breaches(graph: Imports): string[] {
  return [...graph].flatMap(([file, imports]) =>
    imports
      .filter(({ name }) => graph.has(name) && !isAllowed(file, name))
      .map(({ name }) => `${file} imports ${name}`),
  );
}

function isAllowed(file: string, imported: string): boolean {
  const [from, to] = [folderOf(file), folderOf(imported)];
  if (isWorkerSide(imported)) return isWorkerSide(file) || from === "testing";
  if (WITH_ENGINE.includes(file) && to === "signaling") return true;
  return from === to || (ALLOWED[from]?.includes(to) ?? false);
}

/** What a runtime would load in circles; types may well refer to each other. */
function cycles(graph: Imports): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file)) return;
    done.add(file);
    for (const { name, typeOnly } of graph.get(file) ?? []) if (!typeOnly) visit(name, [...path, file]);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

describe("the import graph of src", () => {
  const graph = readGraph();

  it("reads every module, and every import leads somewhere", () => {
    const folders = new Set([...graph.keys()].map(folderOf));
    expect([...folders].sort()).toEqual(Object.keys(ALLOWED).sort());
    const lost = [...graph].flatMap(([file, imports]) =>
      imports
        .filter(({ name }) => name.endsWith(".ts") && !graph.has(name))
        .map(({ name }) => `${file} imports ${name}`),
    );
    expect(lost).toEqual([]);
  });

  it("keeps the boundaries of the house: media and signaling do not know of each other", () => {
    expect(breaches(graph)).toEqual([]);
  });

  it("has no cycles", () => {
    expect(cycles(graph)).toEqual([]);
  });

  it("has every script that it names by a URL, so that workers start from src as from dist", () => {
    const named = [...graph.keys()].flatMap((file) => {
      const code = readFileSync(join(src, file), "utf8");
      const urls = code.matchAll(/new URL\("(.+?)", import\.meta\.url\)/g);
      return [...urls].map(([, url]) => join(dirname(file), url as string));
    });
    expect([...new Set(named)].sort()).toEqual([
      "worker/encrypted-entry.js",
      "worker/entry.js",
      "worker/shared-entry.js",
    ]);
    const missing = ["src", "dist"].flatMap((root) =>
      named.map((name) => `${root}/${name}`).filter((path) => !existsSync(join(src, "..", path))),
    );
    expect(missing).toEqual([]);
  });

  it("takes time and chance from a clock and a random source that are handed in", () => {
    const bare = /\b(setTimeout|setInterval|Date\.now|performance\.now|Math\.random|AbortSignal\.timeout)\b/;
    const found = [...graph.keys()].filter(
      (file) =>
        /^(streams|signaling|comlink|bench)\//.test(file) && bare.test(readFileSync(join(src, file), "utf8")),
    );
    expect(found).toEqual(["streams/clock.ts"]);
  });

  it("has the client for encrypted rooms imported by its own worker alone", () => {
    const isEncrypted = (name: string) => /^signaling\/transports\/encrypted[a-z-]*\.ts$/.test(name);
    const importers = [...graph]
      .filter(([file, imports]) => !isEncrypted(file) && imports.some(({ name }) => isEncrypted(name)))
      .map(([file]) => file);
    expect(importers).toEqual(["worker/encrypted-entry.ts"]);
  });

  it("has no triple-slash directives, which JSR refuses", () => {
    const found = [...graph.keys()].filter((file) =>
      /^\/\/\/ </m.test(readFileSync(join(src, file), "utf8")),
    );
    expect(found).toEqual([]);
  });

  it("imports nothing of Node, so that it runs anywhere", () => {
    const node = [...graph].filter(([, imports]) => imports.some(({ name }) => name.startsWith("node:")));
    expect(node.map(([file]) => file)).toEqual([]);
  });
});

describe("the tests of a half", () => {
  it.each([
    ["media", "signaling"],
    ["signaling", "media"],
  ])("of %s get by without %s: the shipped fakes stand in for it", (half, other) => {
    const folder = fileURLToPath(new URL(half, import.meta.url));
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const imports = files.flatMap((file) => importsOf(readFileSync(join(folder, file), "utf8")));
    expect(imports.length).toBeGreaterThan(0);
    expect(imports.filter(({ name }) => name.includes(`src/${other}/`))).toEqual([]);
  });
});

describe("the check itself", () => {
  it("sees every form of import", () => {
    const code = `
      import type { A } from "./a.ts";
      import { type B, b } from "./b.ts";
      import "./c.ts";
      export * from "./d.ts";
      export { e } from "./e.ts";
      type F = import("./f.ts").F;
      const g = () => import("./g.ts");
      // import "./comment.ts"
      const text = 'import "./text.ts"';
    `;
    const found = importsOf(code).map(({ name, typeOnly }) => (typeOnly ? `type ${name}` : name));
    expect(found).toEqual(["type ./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "type ./f.ts", "./g.ts"]);
  });

  it.each([
    ["media/a.ts", "signaling/b.ts"],
    ["media/a.ts", "worker/b.ts"],
    ["media/a.ts", "phone/b.ts"],
    ["signaling/a.ts", "media/b.ts"],
    ["signaling/a.ts", "phone/b.ts"],
    ["signaling/a.ts", "worker/b.ts"],
    ["streams/a.ts", "signaling/b.ts"],
    ["phone/a.ts", "media/b.ts"],
    ["worker/remote.ts", "signaling/b.ts"],
    ["worker/spawn.ts", "worker/entry.ts"],
    ["worker/spawn.ts", "worker/local.ts"],
    ["worker/shared.ts", "worker/hub-door.ts"],
    ["worker/hub.ts", "signaling/b.ts"],
    ["phone/a.ts", "testing/b.ts"],
    ["index.ts", "testing/b.ts"],
    ["phone/a.ts", "bench/b.ts"],
    ["bench/a.ts", "media/b.ts"],
  ])("finds %s importing %s", (file, imported) => {
    const graph = new Map([
      [file, [{ name: imported, typeOnly: true }]],
      [imported, []],
    ]);
    expect(breaches(graph)).toEqual([`${file} imports ${imported}`]);
  });

  it("finds a cycle, but not one of types", () => {
    const load = (name: string) => ({ name, typeOnly: false });
    const type = (name: string) => ({ name, typeOnly: true });
    const graph = new Map([
      ["a.ts", [load("b.ts")]],
      ["b.ts", [load("c.ts"), load("rxjs")]],
      ["c.ts", [load("b.ts"), type("a.ts")]],
    ]);
    expect(cycles(graph)).toEqual(["b.ts -> c.ts -> b.ts"]);
  });
});
