/** The examples, one for each framework: two pages of one call each other in Chromium, by its buttons. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../scripts/lib/run.ts";
import { installNamed } from "./packed.ts";
import { openStage, type Stage } from "./stage.ts";

const EXAMPLES = resolve("examples");
const TSC = resolve("node_modules/.bin/tsc");
const { workspaces } = JSON.parse(readFileSync(join(EXAMPLES, "package.json"), "utf8")) as {
  readonly workspaces: readonly string[];
};

const folder = mkdtempSync(join(tmpdir(), "trunkline-examples-"));
let stage: Stage;

beforeAll(async () => {
  await installNamed(EXAMPLES);
  stage = await openStage(folder);
});

afterEach(() => stage.clear());

afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true });
});

/** A page of an example that is online; with a room, it can call into it. */
async function open(name: string, accessToken: string, roomId?: string): Promise<Page> {
  const page = await stage.open(`/${name}/`, { accessToken, ...(roomId && { roomId }) });
  await page.getByText("online").waitFor();
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();
const says = (page: Page, words: string) => page.getByRole("status").filter({ hasText: words }).waitFor();

/** Waits until both pictures of a page, the peer's and our own, are moving. */
const shows = (page: Page) =>
  page.waitForFunction(() => {
    const videos = [...document.querySelectorAll("video")];
    const moving = ({ videoWidth, currentTime }: HTMLVideoElement) => videoWidth > 0 && currentTime > 0;
    return videos.length === 2 && videos.every(moving) && videos[0]?.srcObject !== videos[1]?.srcObject;
  });

it("compile", async () => {
  expect(await run(TSC, ["-p", EXAMPLES])).toEqual({ code: 0, output: "" });
});

describe.each(workspaces)("%s", (name) => {
  beforeAll(async () => {
    const vite = join(EXAMPLES, "node_modules/vite/bin/vite.js");
    const out = ["--base", "./", "--outDir", join(folder, name), "--logLevel", "warn"];
    const { code, output } = await run(process.execPath, [vite, "build", join(EXAMPLES, name), ...out]);
    if (code !== 0) throw new Error(`${name} cannot be built:\n${output}`);
  });

  it("calls, answers, shows both pictures, and hangs up", async () => {
    const { alice, bob, roomId } = await stage.couple();
    const caller = await open(name, alice.accessToken, roomId);
    const callee = await open(name, bob.accessToken);
    await press(caller, "Call");
    await press(callee, "Answer");
    for (const page of [caller, callee]) {
      await says(page, "connected");
      await shows(page);
    }
    await says(callee, `${alice.userId}, connected`);
    await press(callee, "Hang up");
    for (const page of [caller, callee]) await says(page, "online");
    expect(await caller.locator("video:visible").count()).toBe(0);
  });

  it("declines", async () => {
    const { alice, bob, roomId } = await stage.couple();
    const caller = await open(name, alice.accessToken, roomId);
    const callee = await open(name, bob.accessToken);
    await press(caller, "Call");
    await says(callee, `${alice.userId}, ringing`);
    await press(callee, "Decline");
    for (const page of [caller, callee]) await says(page, "online");
  });
});
