import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noticesOf, packagesOf } from "../../scripts/notices.ts";

describe("the packages of a bundle", () => {
  it("are named once each, with their scope, and the innermost where one lies in another", () => {
    const files = [
      "src/worker/entry.ts",
      "node_modules/rxjs/dist/a.js",
      "node_modules/rxjs/dist/b.js",
      "node_modules/@scope/name/index.js",
      "node_modules/outer/node_modules/inner/index.js",
      "left-out:unhomoglyph",
    ];
    expect(packagesOf(files)).toEqual([
      "node_modules/@scope/name",
      "node_modules/outer/node_modules/inner",
      "node_modules/rxjs",
    ]);
  });

  it("of the workers are all in the notices that ship with them", () => {
    const dist = (name: string) =>
      readFileSync(fileURLToPath(new URL(`../../dist/worker/${name}`, import.meta.url)), "utf8");
    const { sources } = JSON.parse(dist("shared-entry.js.map")) as { sources: string[] };
    const packages = packagesOf(sources).map((folder) => folder.replace(/^.*node_modules\//, ""));
    expect(packages).toContain("rxjs");
    const notices = dist("THIRD-PARTY-NOTICES.txt");
    for (const name of packages) expect(notices).toMatch(new RegExp(`^${name} \\d+\\.`, "m"));
  });
});

describe("the notices", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "trunkline-notices-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function addPackage(name: string, files: Readonly<Record<string, string>>) {
    mkdirSync(join(root, name));
    const manifest = JSON.stringify({ name, version: "1.2.3", license: "MIT" });
    for (const [file, text] of Object.entries({ "package.json": manifest, ...files })) {
      writeFileSync(join(root, name, file), text);
    }
  }

  it("hold the whole text of each licence and notice", async () => {
    addPackage("a", { LICENSE: "Do what you like.", "NOTICE.txt": "By A." });
    addPackage("b", { "license.md": "Keep this line." });
    const notices = await noticesOf(root, ["a", "b"]);
    for (const text of ["a 1.2.3 (MIT)", "Do what you like.", "By A.", "b 1.2.3 (MIT)", "Keep this line."]) {
      expect(notices).toContain(text);
    }
  });

  it("are not written for a package without a licence", async () => {
    addPackage("bare", {});
    await expect(noticesOf(root, ["bare"])).rejects.toThrow("bare has no licence file");
  });
});
