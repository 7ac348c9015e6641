/** Pages with phones of several makes in them, and the homeserver between. */
import type { Page } from "playwright-core";
import { launchFirefox } from "../../scripts/firefox.ts";
import { openStage as openChromium, type PageScripts, type ServedFile } from "../e2e/stage.ts";
import type { Device } from "./accounts.ts";
import { createGate, type Gate, proxyTo } from "./gate.ts";
import { type Peer, remotePeer } from "./peer.ts";

export type Make = "trunkline" | "sdk" | "careless" | "worker";

export interface Stage {
  readonly url: string;
  readonly gate: Gate;
  /** Opens a page in Chromium, in a profile of its own, with a phone of this make that is online. */
  chromium(make: Make, device: Device): Promise<Peer>;
  /** Loads the page of a peer in Chromium again, with a phone that is online. */
  reload(peer: Peer, device: Device): Promise<void>;
  /** Has the page of a peer in Chromium go to an empty one, until it is loaded again. */
  away(peer: Peer): Promise<void>;
  /** Closes the page of a peer in Chromium, as its user does. */
  leave(peer: Peer): Promise<void>;
  /** The same in Firefox. */
  firefox(make: Make, device: Device): Promise<Peer>;
  /** Errors that no page caught, so far. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export const PAGES = { trunkline: "test/interop/trunkline-page.ts", sdk: "test/interop/sdk-page.ts" };

/**
 * `homeserver` is a URL, or what answers requests; its gate is what the phones see of it. `pages` has a page for each
 * make, `extra` what those fetch, as in ../e2e/stage.ts.
 */
export async function openStage(
  homeserver: string | ((request: Request) => Promise<Response>),
  pages: PageScripts = PAGES,
  extra: Readonly<Record<string, ServedFile>> = {},
): Promise<Stage> {
  const gate = createGate(typeof homeserver === "string" ? proxyTo(homeserver) : homeserver);
  const chromium = await openChromium(gate.fetch, pages, extra);
  const errors: string[] = [];
  const tabs = new WeakMap<Peer, Page>();
  const pageOf = new WeakMap<Peer, string>();
  let firefox: ReturnType<typeof launchFirefox> | undefined;

  const start = async (peer: Peer, device: Device) => {
    await peer.start({ homeserver: chromium.url, ...device });
    return peer;
  };

  return {
    url: chromium.url,
    gate,
    get errors() {
      return [...chromium.errors, ...errors];
    },
    async chromium(make, device) {
      const tab = await chromium.tab(make);
      const peer = remotePeer((name, args) => tab.evaluate(callPeer, [name, args] as const));
      tabs.set(peer, tab);
      pageOf.set(peer, tab.url());
      return start(peer, device);
    },
    async reload(peer, device) {
      await tabs.get(peer)?.goto(pageOf.get(peer) ?? "");
      await start(peer, device);
    },
    away: async (peer) => void (await tabs.get(peer)?.goto("about:blank")),
    leave: async (peer) => tabs.get(peer)?.close({ runBeforeUnload: true }),
    async firefox(make, device) {
      firefox ??= launchFirefox();
      const tab = await (await (await firefox).createBrowserContext()).newPage();
      tab.on("pageerror", (error) => {
        // Firefox's own word in the console when it gives up on a path, as it does while a call rings; nothing throws.
        if (!String(error).includes("WebRTC: ICE failed")) errors.push(String(error));
      });
      await tab.goto(`${chromium.url}/${make}`);
      const peer = remotePeer((name, args) => tab.evaluate(callPeer, [name, args] as const));
      return start(peer, device);
    },
    async close() {
      await (await firefox)?.close();
      await chromium.close();
    },
  };
}

/** Runs in the page. */
function callPeer([name, args]: readonly [string, readonly unknown[]]): unknown {
  return (globalThis.peer as unknown as Record<string, (...values: readonly unknown[]) => unknown>)[name]?.(
    ...args,
  );
}
