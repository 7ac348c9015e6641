import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { callOnce } from "../../demo/once.ts";
import { startDemo } from "../../demo/server.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";

describe("the demo in Chromium", () => {
  let demo: NodeServer;
  let browser: Browser;
  let page: Page;
  let troubles: string[];

  beforeAll(async () => {
    demo = await startDemo();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });
  beforeEach(async () => {
    troubles = [];
    page = await browser.newPage();
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
    await page.goto(demo.url);
    await button("Bob", "Video call").waitFor();
  });
  afterEach(async () => {
    await page.close();
    expect(troubles).toEqual([]);
  });

  const phone = (name: string): Locator => page.getByRole("region", { name, exact: true });
  const button = (name: string, label: string): Locator => phone(name).getByRole("button", { name: label });
  const buttons = (name: string): Promise<string[]> => phone(name).getByRole("button").allInnerTexts();
  const says = (name: string, words: string) => phone(name).getByText(words, { exact: true }).waitFor();

  async function connect(kind: "Video call" | "Voice call"): Promise<void> {
    await button("Alice", kind).click();
    await says("Bob", "Alice is calling");
    await says("Alice", "Ringing Bob…");
    expect(await buttons("Bob")).toEqual(["Accept", "Voice only", "Decline"]);
    await button("Bob", "Accept").click();
    await Promise.all([says("Alice", "In call"), says("Bob", "In call")]);
  }

  /** Resolves with its width when the large picture of the phone is shown and has moved on by so many frames. */
  const frames = (name: string, wanted: number): Promise<number> =>
    phone(name)
      .locator("video.remote:not(.hidden)")
      .evaluate(
        (video: HTMLVideoElement, wanted) =>
          new Promise<number>((resolve) => {
            let left = wanted;
            const next = () => {
              left -= 1;
              if (left < 0) resolve(video.videoWidth);
              else video.requestVideoFrameCallback(next);
            };
            next();
          }),
        wanted,
      );

  /** The messages that the drawn ladder holds, such as `A: m.call.invite, Alice sends at 56 ms, ...`. */
  const drawn = (): Promise<string[]> =>
    page
      .locator(".rung.message")
      .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));

  it("a video call: placed, picked up, seen on both sides, hung up by the callee", async () => {
    await connect("Video call");
    expect(await frames("Alice", 5)).toBeGreaterThan(0);
    expect(await frames("Bob", 5)).toBeGreaterThan(0);
    expect(await buttons("Alice")).toEqual(["Sound is off", "Mute", "Camera off", "Hang up"]);
    await page.locator(".rung.media").waitFor();
    const figures = await page.locator(".figure").allInnerTexts();
    expect(figures).toHaveLength(3);
    for (const figure of figures) expect(figure).toMatch(/^\d+ ms$/);

    await button("Bob", "Hang up").click();
    await Promise.all([says("Alice", "Bob ended the call"), says("Bob", "You ended the call")]);
    expect(await buttons("Alice")).toEqual(["Video call", "Voice call"]);
    const sources = await page
      .locator("video")
      .evaluateAll((all) => all.map((video) => (video as HTMLVideoElement).srcObject));
    expect(sources).toEqual([null, null, null, null]);
  });

  it("draws the messages in the order of the five steps, each with both of its times", async () => {
    await connect("Video call");
    await page.locator(".rung.media").waitFor();
    await button("Alice", "Hang up").click();
    await says("Bob", "Alice ended the call");
    await page.getByRole("listitem", { name: /m\.call\.hangup.*Bob receives/ }).waitFor();
    const messages = await drawn();
    const position = (start: RegExp) => messages.findIndex((message) => start.test(message));
    const order = [
      /^A( and B)?: m\.call\.invite \(\d+\), Alice sends/,
      /^C( and D)?: m\.call\.answer \(\d+\), Alice receives/,
      /^C: m\.call\.select_answer, Alice sends/,
      /^m\.call\.hangup, Alice sends/,
    ].map(position);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // A description that leaves late enough holds all candidates: then there is no message of them.
    for (const [candidates, description] of [
      [/^B: m\.call\.candidates/, /m\.call\.invite/],
      [/^D: m\.call\.candidates/, /m\.call\.answer/],
    ] as const) {
      const at = position(candidates);
      if (at !== -1) expect(at).toBeGreaterThan(position(description));
    }
    expect(await page.locator("[data-step]:not(.reached)").count()).toBe(0);
    for (const message of messages)
      expect(message).toMatch(/Alice (sends|receives) at \d+ ms, Bob (sends|receives) at/);
  });

  it("a voice call has no camera to turn off, and is placed by keyboard alone", async () => {
    await button("Alice", "Voice call").focus();
    await page.keyboard.press("Enter");
    await button("Bob", "Voice only").focus();
    await page.keyboard.press("Enter");
    await Promise.all([says("Alice", "In call"), says("Bob", "In call")]);
    expect(await buttons("Alice")).toEqual(["Sound is off", "Mute", "Hang up"]);
    // The button that had the focus is gone; the next Tab goes on inside the same phone.
    expect(await phone("Bob").evaluate((one) => one === document.activeElement)).toBe(true);
  });

  it("a password that is wrong is explained, on the page and by --once", async () => {
    using other = createHomeserver();
    const server = await serve(other.fetch);
    const alice = { user: "alice", password: "wrong" };
    const bob = { accessToken: other.createUser("bob").accessToken };
    const elsewhere = await startDemo({ settings: { homeserver: server.url, alice, bob } });
    await expect(callOnce(elsewhere.url)).rejects.toThrow(
      /A phone reports a failure\.\n {2}alice: Not connected\. Alice cannot sign in\. The homeserver says: /,
    );
    await Promise.all([elsewhere.close(), server.close()]);
  });

  it("--once tells of a call whose picture and sound came through on both sides", async () => {
    const text = await callOnce(demo.url);
    expect(text).toMatch(
      /\[ m\.call\.invite \(\d+\) \].*\n(.*\n)*.*\[ m\.call\.answer \(\d+\) \].*\n(.*\n)*.*media, peer to peer/,
    );
    const counts = [...text.matchAll(/received (\d+) video frames and (\d+) audio packets/g)];
    expect(counts).toHaveLength(2);
    for (const [, frames, packets] of counts) {
      expect(Number(frames)).toBeGreaterThanOrEqual(10);
      expect(Number(packets)).toBeGreaterThanOrEqual(10);
    }
  });

  it("--once says what it still waited for when its time was up", async () => {
    await expect(callOnce(demo.url, 1)).rejects.toThrow(
      /0\.001 s are over, and still no sign of the browser/,
    );
  });
});
