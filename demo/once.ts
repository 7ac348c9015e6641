/** One video call in a headless browser, watched from outside. */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launchChromium } from "../scripts/chromium.ts";
import { bundle } from "../scripts/lib/bundle.ts";
import { ladder, type Told } from "./ladder.ts";
import { ladderText, latenciesText } from "./ladder-text.ts";
import { latencies } from "./latencies.ts";
import type { Received } from "./watch.ts";

/** For everything, the start of the browser included, in ms. */
const DEADLINE = 60_000;

/** So many video frames, and audio packets, at each side show that media flows. */
const ENOUGH = 10;

/** A browser that does not end in this time, in ms, is left to end with us. */
const CLOSING = 3_000;

// Of the page.
declare const watch: typeof import("./watch.ts").watch;
declare const story: readonly Told[] | undefined;

/**
 * Calls Bob from Alice's phone, picks up, waits for picture and sound on both sides, hangs up. Resolves with the story
 * as text. Rejects where something failed or the time is up, saying what was waited for.
 */
export async function callOnce(url: string, deadline = DEADLINE): Promise<string> {
  const launching = launchChromium();
  let page: Page | undefined;
  let awaited = "the browser";
  const awaiting = (what: string) => {
    awaited = what;
  };
  const run = async () => {
    page = await (await launching).newPage();
    page.setDefaultTimeout(0);
    awaiting("the page");
    await page.addInitScript(await watchScript());
    await page.goto(url);
    return Promise.race([failure(page), call(page, awaiting)]);
  };
  const timeUp = after(deadline).then(() => {
    throw new Error(`${deadline / 1_000} s are over, and still no sign of ${awaited}.`);
  });
  try {
    return await Promise.race([run(), timeUp]);
  } catch (thrown) {
    const state = page && (await Promise.race([stateOf(page).catch(() => undefined), after(CLOSING)]));
    throw new Error([(thrown as Error).message, ...(state ?? [])].join("\n"));
  } finally {
    const closing = launching.then((browser) => browser.close()).catch(() => {});
    await Promise.race([closing, after(CLOSING)]);
  }
}

async function call(page: Page, awaiting: (what: string) => void): Promise<string> {
  const button = (phone: string, name: string) =>
    page.getByRole("region", { name: phone, exact: true }).getByRole("button", { name });
  awaiting("two phones that are ready");
  await button("Bob", "Video call").waitFor();
  await button("Alice", "Video call").click();
  awaiting("Bob's phone ringing");
  await button("Bob", "Accept").click();
  awaiting("picture and sound on both sides");
  const counts = await mediaFlows(page);
  await told(page, "first_media");
  awaiting("the end of the call on both sides");
  await button("Alice", "Hang up").click();
  await told(page, "ended");
  const all = await page.evaluate(() => story ?? []);
  const received = counts.map(
    ({ videoFrames, audioPackets }, index) =>
      `${index === 0 ? "Alice" : "Bob"} received ${videoFrames} video frames and ${audioPackets} audio packets`,
  );
  return [ladderText(ladder(all)), "", latenciesText(latencies(all)), "", ...received].join("\n");
}

/** Resolves with what both sides have received, once that is enough of picture and of sound. */
async function mediaFlows(page: Page): Promise<readonly Received[]> {
  for (;;) {
    const counts = await page.evaluate(() => watch.received());
    const enough = counts.filter(
      ({ videoFrames, audioPackets }) => videoFrames >= ENOUGH && audioPackets >= ENOUGH,
    );
    if (enough.length === 2) return counts;
    await after(50);
  }
}

/** Resolves when both phones have told of the milestone. */
async function told(page: Page, milestone: string): Promise<void> {
  await page.waitForFunction(
    (name) => story?.filter(({ entry }) => entry.kind === "milestone" && entry.name === name).length === 2,
    milestone,
  );
}

/** Rejects when a phone shows that something failed. */
async function failure(page: Page): Promise<never> {
  await page.locator("[data-part=help]").filter({ visible: true }).first().waitFor();
  throw new Error("A phone reports a failure.");
}

/** What the phones say, for the person who has to find out why. */
async function stateOf(page: Page): Promise<readonly string[]> {
  const read = (phone: string, part: string) =>
    page.locator(`[data-part=${phone}] [data-part=${part}]`).textContent();
  return Promise.all(
    ["alice", "bob"].map(
      async (phone) =>
        `  ${phone}: ${await read(phone, "headline")}. ${(await read(phone, "helpText")) ?? ""}`,
    ),
  );
}

const watchScript = (): Promise<string> =>
  bundle({ entryPoints: [fileURLToPath(new URL("watch.ts", import.meta.url))], format: "iife" });

/** Resolves after so many ms; does not keep the process alive. */
const after = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
