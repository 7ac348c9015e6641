import { existsSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { serve } from "@hono/node-server";
import { build, type Plugin } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../../scripts/chromium.ts";
import { type Account, createHomeserver } from "../../src/testing/homeserver/index.ts";
import { signalingSuite } from "../../src/testing/signaling-suite.ts";
import type { WorkerPage } from "../worker/page.ts";

declare const workerPage: WorkerPage;

const homeserver = createHomeserver();
const troubles: string[] = [];
let files: Map<string, string>;
let server: Server;
let origin: string;
let browser: Browser;
let page: Page;

const HTML = `<!doctype html>
<script type="importmap">{ "imports": { "rxjs": "/rxjs.js", "comlink": "/comlink.js" } }</script>
<script type="module" src="/page.js"></script>`;

/** Imports of src are left to the server, which has what was built of it. */
const fromDist: Plugin = {
  name: "from dist",
  setup(build) {
    build.onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      path: path.replace(/^.*\/src\//, "/dist/").replace(/\.ts$/, ".js"),
      external: true,
    }));
  },
};

async function bundle(contents: string, external: string[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: resolve(".") },
    bundle: true,
    write: false,
    format: "esm",
    external,
    // package.json calls its modules free of side effects; that one is a script.
    ignoreAnnotations: true,
    plugins: [fromDist],
  });
  return outputFiles[0]?.text ?? "";
}

/** The built package as plain ES modules, a few bad workers, and the homeserver, on one origin. */
async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.startsWith("/_matrix/")) return homeserver.fetch(request);
  if (pathname === "/") {
    const csp = searchParams.get("csp");
    return new Response(HTML, {
      headers: { "Content-Type": "text/html", ...(csp && { "Content-Security-Policy": csp }) },
    });
  }
  const built = pathname.startsWith("/dist/") && existsSync(`.${pathname}`);
  const text = files.get(pathname) ?? (built ? readFileSync(`.${pathname}`, "utf8") : undefined);
  if (text === undefined) return new Response("Not found", { status: 404 });
  return new Response(text, { headers: { "Content-Type": "text/javascript" } });
}

async function openPage(csp = ""): Promise<Page> {
  const opened = await browser.newPage();
  opened.on("pageerror", (error) => troubles.push(String(error)));
  await opened.goto(`${origin}/?csp=${encodeURIComponent(csp)}`);
  await opened.waitForFunction("globalThis.workerPage");
  return opened;
}

function login(name: string): Account & { homeserver: string } {
  return { ...homeserver.createUser(`${name}${crypto.randomUUID()}`), homeserver: origin };
}

async function ask(account: Account, path: string, body: object): Promise<{ room_id: string }> {
  const url = `${origin}/_matrix/client/v3/${path}`;
  const headers = { Authorization: `Bearer ${account.accessToken}`, "Content-Type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { room_id: string };
}

beforeAll(async () => {
  if (!existsSync("dist/worker/entry.js")) throw new Error('There is no build: run "npm run build" first');
  files = new Map([
    ["/rxjs.js", await bundle('export * from "rxjs";')],
    ["/comlink.js", await bundle('export * from "comlink";')],
    ["/page.js", await bundle('import "./test/worker/page.ts";', ["rxjs", "comlink"])],
    ["/syntax-error.js", "const = 1;"],
    ["/throws.js", 'throw new Error("not today");'],
  ]);
  server = await new Promise<Server>((resolve) => {
    const serving = serve({ fetch: answer, hostname: "127.0.0.1", port: 0 }, () =>
      resolve(serving as Server),
    );
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchChromium();
  page = await openPage();
});

afterAll(async () => {
  await browser?.close();
  homeserver.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

describe("signalling suite, engines in workers of Chromium", () => {
  for (const { name } of signalingSuite) {
    it(name, async () => {
      const accounts = [login("alice"), login("bob")] as const;
      const [alice, bob] = accounts;
      const { room_id } = await ask(alice, "createRoom", { preset: "private_chat", invite: [bob.userId] });
      await ask(bob, `rooms/${encodeURIComponent(room_id)}/join`, {});
      await page.evaluate(([name, accounts, room]) => workerPage.suite(name, accounts, room), [
        name,
        accounts,
        room_id,
      ] as const);
      await expect.poll(() => page.workers().length, { message: "workers left running" }).toBe(0);
    });
  }
});

describe("a worker that does not start, in Chromium", () => {
  const all = ["worker_failed", "worker_failed", "worker_failed"];

  it.each([
    ["is not there", "/no-such-file.js", /could not be loaded or parsed/],
    ["has a syntax error", "/syntax-error.js", /could not be loaded or parsed/],
    ["throws", "/throws.js", /not today/],
  ])("is worker_failed within 2 s when its script %s", async (_, script, why) => {
    const ended = await page.evaluate(([s, o]) => workerPage.failing(s, o), [
      script,
      login("alice"),
    ] as const);
    expect(ended).toMatchObject({ codes: all, message: expect.stringMatching(why) });
    expect(ended.after).toBeLessThan(2_000);
  });

  it("is worker_failed within 2 s when the page's CSP forbids it", async () => {
    const forbidding = await openPage("worker-src 'none'");
    const ended = await forbidding.evaluate(([s, o]) => workerPage.failing(s, o), [
      "/dist/worker/entry.js",
      login("alice"),
    ] as const);
    expect(ended.codes).toEqual(all);
    expect(ended.after).toBeLessThan(2_000);
    await forbidding.close();
  });
});

describe("a worker that runs, in Chromium", () => {
  it("is worker_lost within 6 s when it is terminated, with everything that was pending", async () => {
    const ended = await page.evaluate(([s, o]) => workerPage.terminated(s, o), [
      "/dist/worker/entry.js",
      login("alice"),
    ] as const);
    console.log(`terminate() told after ${ended.after.toFixed(0)} ms: ${ended.message}`);
    expect(ended.codes).toEqual(["worker_lost", "worker_lost", "worker_lost"]);
    expect(ended.after).toBeLessThan(7_000);
  });

  it("is not taken for lost because the page was blocked for 8 s", () =>
    page.evaluate((options) => workerPage.blocked(8_000, options), login("alice")));

  it("answers a command in well under a frame", async () => {
    const times = await page.evaluate((options) => workerPage.roundTrips(500, options), login("alice"));
    times.sort((a, b) => a - b);
    console.log(
      `dispatch to a worker and back: p50 ${times[250]?.toFixed(2)} ms, p95 ${times[475]?.toFixed(2)} ms`,
    );
    expect(times[250]).toBeLessThan(16);
  });

  it("nothing was thrown or rejected unseen", () => {
    expect(troubles).toEqual([]);
  });
});
