import { readFileSync } from "node:fs";
import { createPhone, type MediaHalf, type Phone } from "trunkline";
import { type FakeMedia, fakeMedia } from "trunkline/testing";
import { createHomeserver, type Homeserver } from "trunkline/testing/homeserver";
import { localSignaling } from "trunkline/worker/local";
import { afterEach, expect, vi } from "vitest";
import type { Side } from "../../../demo/ladder.ts";
import { SETTINGS_PATH, type Settings } from "../../../demo/settings.ts";
import { startPage } from "../../../demo/start-page.ts";
import { inDocument } from "./media-streams.ts";

// What a phone loads when it is needed is there at once.
import "../../../src/phone/again.ts";
import "../../../src/phone/recovery.ts";

/** Something answers here, but no homeserver. */
const NOT_MATRIX = "https://page.test";

/** Longer than anything here takes on a busy machine, in ms. */
const PATIENCE = { timeout: 15_000, interval: 5 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  sessionStorage.clear();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** happy-dom lays nothing out, and so reports no size; a page hears its first one at once. */
class FirstSize {
  readonly #report: () => void;
  constructor(report: () => void) {
    this.#report = report;
  }
  observe(): void {
    this.#report();
  }
  disconnect(): void {}
}

/** The document as demo/index.html has it, without the page's script. */
export function loadDocument(): void {
  const [, body = ""] = /<body>([\s\S]*)<\/body>/.exec(readFileSync("demo/index.html", "utf8")) ?? [];
  document.body.innerHTML = body;
  vi.stubGlobal("ResizeObserver", FirstSize);
}

export interface PageOptions {
  /** What the page's server says. Default: its own homeserver, new users. */
  readonly settings?: Settings;
  /** Homeservers beside the page's own, by their addresses. */
  readonly others?: Readonly<Record<string, Homeserver>>;
  /** Takes the place of a phone's fake media. */
  readonly media?: Partial<Record<Side, MediaHalf<MediaStream>>>;
}

/**
 * The whole demo but its WebRTC and its workers: the engines run on this thread, over the embedded homeserver, the media
 * are the shipped fakes. Time is real, and nothing waits for it: `sees` waits for what is shown.
 */
export function openDemo({ settings = { alice: {}, bob: {} }, media = {}, others = {} }: PageOptions = {}) {
  loadDocument();
  const homeserver = createHomeserver({ serverName: "demo" });
  ends.push(() => homeserver.close());
  const servers: Readonly<Record<string, Homeserver>> = { [location.origin]: homeserver, ...others };
  const fetched = vi.fn(async (resource: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(
      resource instanceof Request ? resource : new URL(resource, location.href),
      init,
    );
    const { origin, pathname } = new URL(request.url);
    if (origin === NOT_MATRIX) return new Response("<!doctype html><title>Welcome</title>");
    if (pathname === SETTINGS_PATH) return Response.json(settings);
    const server = servers[origin];
    if (!server) throw new TypeError("Failed to fetch");
    return server.fetch(request);
  });
  vi.stubGlobal("fetch", fetched);
  const fakes: FakeMedia[] = [];
  const phones: Partial<Record<Side, Phone<MediaStream>>> = {};
  let over = false;
  const story$ = startPage(({ homeserver, accessToken }) => {
    if (over) throw new Error("The test ended before the page was signed in");
    const side = phones.alice ? "bob" : "alice";
    const fake = fakeMedia();
    fakes.push(fake);
    const phone = createPhone({
      signaling: localSignaling({ homeserver, accessToken }),
      media: media[side] ?? inDocument(fake),
    });
    phones[side] = phone;
    return phone;
  });
  ends.push(() => {
    over = true;
    return Promise.all(Object.values(phones).map((phone) => phone.close()));
  });
  return {
    /** The page's own. */
    homeserver,
    story$,
    /** Alice's and Bob's, once they are signed in. */
    fakes,
    phones: phones as Record<Side, Phone<MediaStream>>,
    alice: phoneOf("alice"),
    bob: phoneOf("bob"),
  };
}

/** What a person does with a phone of the page, and sees of it. */
export function phoneOf(side: Side) {
  const find = <T extends Element>(selector: string): T => {
    const found = document.querySelector<T>(`.phone[data-part=${side}] ${selector}`);
    if (!found) throw new Error(`${side}'s phone has no ${selector}`);
    return found;
  };
  const text = (name: string) => find(`[data-part=${name}]`).textContent ?? "";
  const buttons = () =>
    [...document.querySelectorAll<HTMLButtonElement>(`.phone[data-part=${side}] button`)].filter(
      (button) => !button.hidden,
    );
  const labels = () => buttons().map((button) => button.textContent?.trim());
  return {
    root: () => document.querySelector(`.phone[data-part=${side}]`) as HTMLElement,
    find,
    text,
    buttons: labels,
    /** What the alert says, and its code; undefined where it is not shown. */
    help: () =>
      find<HTMLElement>("[data-part=help]").hidden ? undefined : [text("helpText"), text("helpCode")],
    isShown: (name: string) => !find<HTMLElement>(`[data-part=${name}]`).hidden,
    sees: (words: string) => vi.waitFor(() => expect(text("headline")).toBe(words), PATIENCE),
    press(label: string) {
      const button = buttons().find((each) => each.textContent?.trim() === label);
      if (!button) throw new Error(`${side} has no button ${label}, but ${labels().join(", ")}`);
      button.focus();
      button.click();
    },
  };
}

export const until = (holds: () => void): Promise<void> => vi.waitFor(holds, PATIENCE);

/** Alice calls, Bob accepts. */
export async function connect(
  { alice, bob }: ReturnType<typeof openDemo>,
  kind = "Video call",
): Promise<void> {
  await Promise.all([alice.sees("Ready to call Bob"), bob.sees("Ready to call Alice")]);
  alice.press(kind);
  await bob.sees("Alice is calling");
  bob.press("Accept");
  await Promise.all([alice.sees("In call"), bob.sees("In call")]);
}
