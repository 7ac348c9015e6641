/** Two phones, each in a Chromium on a host of its own, and their homeserver and TURN server on a third. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { ensureChromium, launchChromium } from "../../../scripts/chromium.ts";
import { type Coturn, startCoturn } from "../../../scripts/coturn.ts";
import { registerUser, startSynapse } from "../../../scripts/synapse.ts";
import { startWan, type Wan } from "../../../scripts/wan.ts";
import type { Pair } from "../../e2e/call-scenarios.ts";
import type { PhoneOptions } from "../../e2e/pairs.ts";
import { directRoom } from "../../e2e/rooms.ts";
import { type RemotePhone, remote, servePages } from "../../e2e/stage.ts";
import { forwardTo } from "../forwarder.ts";

const SERVER = "10.99.0.3";
/** One-way delays, in ms. */
const LINKS = "tla-.:20 tlb-.:20 tla-tlb:15";

export interface Host {
  readonly name: string;
  readonly addresses: readonly [string, string];
}

export const alicesHost: Host = { name: "tla", addresses: ["10.99.0.1", "10.99.0.11"] };
export const bobsHost: Host = { name: "tlb", addresses: ["10.99.0.2", "10.99.0.12"] };

export interface Network {
  readonly coturn: Coturn;
  /** Two phones of two new users, in two new pages. */
  pair(options?: PhoneOptions): Promise<Pair>;
  /** Closes the pages that there are. */
  clear(): Promise<void>;
  cut(): void;
  mend(): void;
  /** Gives a host its other address. */
  move(host: Host): Promise<void>;
  close(): Promise<void>;
}

/** Opens everything. Rejects where a part does not come up; then nothing is left open. */
export async function openNetwork(): Promise<Network> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  const opened = <T>(part: T, end: (part: T) => unknown): T => {
    closing.push(() => end(part));
    return part;
  };
  try {
    const hosts = [alicesHost, bobsHost].map(({ name, addresses }) => `${name}=${addresses.join()}`);
    const wan: Wan = opened(await startWan(`${hosts.join(" ")} .=${SERVER}`, LINKS), (part) => part.close());
    const coturn = opened(await startCoturn(SERVER), (part) => part.close());
    const synapse = opened(await startSynapse({ turn: coturn }), (part) => part.close());
    const way = opened(await forwardTo(synapse.url, SERVER), (part) => part.close());
    const server = opened(await servePages({ host: SERVER }), (part) => part.close());
    const folder = opened(mkdtempSync(join(tmpdir(), "trunkline-network-")), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const launch = async ({ name }: Host): Promise<Browser> => {
      const executablePath = join(folder, name);
      writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${name} ${await ensureChromium()} "$@"\n`);
      chmodSync(executablePath, 0o755);
      // Elsewhere than on loopback only a secure origin may use a microphone.
      const args = [`--unsafely-treat-insecure-origin-as-secure=${server.url}`];
      return opened(await launchChromium({ executablePath, args }), (browser) => browser.close());
    };
    const browsers = [await launch(alicesHost), await launch(bobsHost)] as const;
    const open = async (browser: Browser, accessToken: string, options: PhoneOptions) => {
      const tab = await (await browser.newContext()).newPage();
      await tab.goto(`${server.url}/`);
      const phone: RemotePhone = remote(tab);
      await phone.start({ homeserver: way.url, accessToken, ...options });
      return phone;
    };
    const places = new Map<Host, 0 | 1>();
    return {
      coturn,
      async pair(options = {}) {
        const alice = await registerUser(synapse.url, "alice");
        const bob = await registerUser(synapse.url, "bob");
        const roomId = await directRoom(synapse.url, alice, bob);
        return {
          alice: await open(browsers[0], alice.accessToken, options),
          bob: await open(browsers[1], bob.accessToken, options),
          roomId,
          aliceId: alice.userId,
          bobId: bob.userId,
        };
      },
      async clear() {
        for (const browser of browsers) for (const context of browser.contexts()) await context.close();
      },
      cut: () => wan.change("tla-tlb:cut"),
      mend: () => wan.change(LINKS),
      async move(host) {
        const place = places.get(host) ?? 0;
        const next = place === 0 ? 1 : 0;
        await wan.move(host.name, host.addresses[place], host.addresses[next]);
        places.set(host, next);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
