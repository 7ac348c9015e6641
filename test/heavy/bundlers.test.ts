/** An app that installs the package as npm would publish it, built by each bundler, calls itself in Chromium. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { build, type DevServer, FIXTURE, serveSource } from "./bundling.ts";
import { installPacked } from "./packed.ts";
import { openStage, type Stage } from "./stage.ts";
import "./meta.ts";

/** The pages of the fixture, each with its own way to its worker, and the `worker-src` that this asks for. */
const PAGES = { spawn: "'self'", inline: "'self' blob:", copy: "'self'" } as const;
type Page = keyof typeof PAGES;

/**
 * Some leave the worker's file out, though the library names it by its URL. Parcel writes a script of its own into the
 * page, its import map.
 */
const BUNDLERS = [
  { name: "Vite", of: "vite", drops: false, scripts: "'self'" },
  { name: "webpack", of: "webpack", drops: false, scripts: "'self'" },
  { name: "Rspack", of: "rspack", drops: false, scripts: "'self'" },
  { name: "Parcel", of: "parcel", drops: false, scripts: "'self' 'unsafe-inline'" },
  { name: "esbuild", of: "esbuild", drops: true, scripts: "'self'" },
  { name: "Rolldown", of: "rolldown", drops: true, scripts: "'self'" },
] as const;

const ways = Object.keys(PAGES) as Page[];

const folder = mkdtempSync(join(tmpdir(), "trunkline-bundlers-"));
let stage: Stage;

beforeAll(async () => {
  await installPacked(FIXTURE, folder);
  stage = await openStage(folder);
});

afterEach(() => stage.clear());

afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true });
});

const { dependencies } = JSON.parse(readFileSync(join(FIXTURE, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const versioned = (name: string, of: string) => `${name} ${dependencies[of] ?? dependencies[`@${of}/core`]}`;

const strict = (workers: string, scripts = "'self'") =>
  `default-src 'self'; script-src ${scripts}; worker-src ${workers}`;

/** What comes of it when two of these pages call each other, in a word for each. */
async function outcomes(address: string, csp = ""): Promise<readonly string[]> {
  const { alice, bob, roomId } = await stage.couple();
  const callee = await stage.open(address, { accessToken: bob.accessToken, csp });
  const caller = await stage.open(address, { accessToken: alice.accessToken, roomId, csp });
  return Promise.all([callee, caller].map((page) => page.evaluate("outcome") as Promise<string>));
}

describe.each(BUNDLERS)("$name", ({ name, of, drops, scripts }) => {
  beforeAll(() => build(of, join(folder, of), ways));

  it.for(ways)("%s: two pages call each other, under a strict CSP", async (page, { task }) => {
    const works = page !== "spawn" || !drops;
    task.meta.bundled = { bundler: versioned(name, of), page, works };
    const outcome = works ? "connected" : "worker_failed";
    expect(await outcomes(`/${of}/${page}.html`, strict(PAGES[page], scripts))).toEqual([outcome, outcome]);
  });
});

describe("Vite's dev server", () => {
  let server: DevServer;
  beforeAll(async () => {
    server = await serveSource("vite", join(folder, "vite-dev"));
  });
  afterAll(() => server?.stop());

  it.for(ways)("%s: two pages call each other", async (page, { task }) => {
    task.meta.bundled = { bundler: versioned("Vite's dev server", "vite"), page, works: true };
    expect(await outcomes(`${server.url}${page}.html`)).toEqual(["connected", "connected"]);
  });
});

describe("the worker for encrypted rooms", () => {
  it.each(["vite", "webpack", "rspack"])("%s takes it along, and its WebAssembly", async (of) => {
    const out = join(folder, `${of}-encrypted`);
    await build(of, out, ["encrypted"]);
    const files = readdirSync(out, { recursive: true, encoding: "utf8" });
    const wasm = readFileSync("dist/worker/encrypted-entry.wasm");
    const taken = files.filter((file) => file.endsWith(".wasm"));
    expect(taken).toHaveLength(1);
    expect(readFileSync(join(out, taken[0] ?? "")).equals(wasm)).toBe(true);
    const scripts = files.filter((file) => file.endsWith(".js"));
    const naming = scripts.filter((file) =>
      readFileSync(join(out, file), "utf8").includes(basename(taken[0] ?? "")),
    );
    expect(naming.length).toBeGreaterThan(0);
  });
});

it("a CSP that allows no workers is told as worker_failed", async () => {
  expect(await outcomes("/vite/spawn.html", strict("'none'"))).toEqual(["worker_failed", "worker_failed"]);
});
