/** The parts of examples/transport in Chromium: in their suites, and in calls between two tabs. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { firstValueFrom, fromEvent } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { bundle } from "../../scripts/lib/bundle.ts";
import { showable, type TransportWorld } from "../../src/testing/transport-suite.ts";
import type { ExamplesPage } from "./examples-page.ts";
import { told } from "./media-stage.ts";

declare const examplesPage: ExamplesPage;

const folder = mkdtempSync(join(tmpdir(), "trunkline-examples-"));
const alias = { "trunkline/streams": "./src/streams/index.ts" };
const world = { capabilities: ["encryption_refusal"] } as Partial<TransportWorld> as TransportWorld;
const transportTests = showable(world).map(({ name }) => name);

let browser: Browser;
let site: NodeServer;
let relay: ChildProcessWithoutNullStreams;
let context: BrowserContext;
/** Undefined: in a tab. */
const relays: Record<string, string | undefined> = { tabs: undefined };

/** A tab with the examples in it. */
async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.url);
  return page;
}

beforeAll(async () => {
  const script = await bundle({ entryPoints: ["test/e2e/examples-page.ts"], alias });
  const program = join(folder, "relay.mjs");
  writeFileSync(program, await bundle({ entryPoints: ["test/runtimes/programs/relay.ts"], alias }));
  relay = spawn("node_modules/.bin/deno", ["run", "--allow-net=127.0.0.1", program]);
  const listening = firstValueFrom(fromEvent<Buffer>(relay.stdout, "data"));
  site = await serve(({ url }) => {
    const isScript = url.endsWith(".js");
    const body = isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>';
    return new Response(body, { headers: { "content-type": isScript ? "text/javascript" : "text/html" } });
  });
  browser = await launchChromium();
  context = await browser.newContext();
  relays.sockets = String(await listening).trim();
  await (await open()).evaluate(() => examplesPage.serveTabs());
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  relay?.kill();
  rmSync(folder, { recursive: true });
});

describe.each(["tabs", "sockets"])("the transport over %s", (way) => {
  it("passes the transport suite, its relay elsewhere", async () => {
    const page = await open();
    const report = await told(page.evaluate((to) => examplesPage.transport(to), relays[way]));
    expect(report).toEqual({ passed: transportTests, failed: [] });
    await page.close();
  });

  it("carries a call between two tabs, with the halves of the examples", async () => {
    const [alice, bob] = [await open(), await open()];
    const users = [];
    for (const page of [alice, bob])
      users.push(await told(page.evaluate((to) => examplesPage.open(to), relays[way])));
    const roomId = await alice.evaluate(() => examplesPage.createRoom());
    await bob.evaluate((room) => examplesPage.join(room), roomId);
    const answering = bob.evaluate(() => examplesPage.answer());
    const target = [roomId, users[1] as string] as const;
    const widths = [await alice.evaluate((to) => examplesPage.place(...to), target), await answering];
    expect(widths).toEqual([640, 640]);
    for (const page of [alice, bob]) {
      await page.evaluate(() => examplesPage.close());
      await page.close();
    }
  });
});
