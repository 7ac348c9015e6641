/** Chromium with the built package as plain ES modules, a few workers that end badly, and a homeserver, on one origin. */
import { existsSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { serve } from "@hono/node-server";
import type { Plugin } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../scripts/chromium.ts";
import { bundle } from "../../scripts/lib/bundle.ts";
import { type Account, createHomeserver, type Homeserver } from "../../src/testing/homeserver/index.ts";

export type Login = Account & { readonly homeserver: string };

export interface WorkerStage {
  readonly origin: string;
  readonly homeserver: Homeserver;
  readonly browser: Browser;
  /**
   * Opens a page of test/worker/page.ts, under this Content-Security-Policy; or of isolated-page.ts there, which is
   * cross-origin isolated. Scripts have the header for that when they are asked for with `?coep`.
   */
  page(csp?: string, name?: "page" | "isolated-page"): Promise<Page>;
  /** Somebody new. */
  login(name: string): Login;
  /** Two who share a room. */
  pair(): Promise<{ readonly accounts: readonly [Login, Login]; readonly roomId: string }>;
  /** Errors that no page caught, so far. */
  readonly troubles: readonly string[];
  close(): Promise<void>;
}

const html = (name: string) => `<!doctype html>
<script type="importmap">{ "imports": { "rxjs": "/rxjs.js", "comlink": "/comlink.js" } }</script>
<script type="module" src="/${name}.js"></script>`;

const COEP = { "Cross-Origin-Embedder-Policy": "require-corp" };
const ISOLATED = { ...COEP, "Cross-Origin-Opener-Policy": "same-origin" };

/** The entry, in a worker that ends in the way that it is told. */
const MORTAL = `
  import "/dist/worker/entry.js";
  addEventListener("message", ({ data }) => {
    if (data === "close") close();
    if (data === "throw") setTimeout(() => { throw new Error("not today"); });
    if (data === "hang") for (;;);
  });`;

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

const bundled = (contents: string, external: string[] = []): Promise<string> =>
  bundle({
    stdin: { contents, resolveDir: resolve(".") },
    external,
    // package.json calls its modules free of side effects; that one is a script.
    ignoreAnnotations: true,
    plugins: [fromDist],
  });

export async function openWorkerStage(): Promise<WorkerStage> {
  if (!existsSync("dist/worker/entry.js")) throw new Error('There is no build: run "npm run build" first');
  const homeserver = createHomeserver();
  const troubles: string[] = [];
  const files = new Map([
    ["/rxjs.js", await bundled('export * from "rxjs";')],
    ["/comlink.js", await bundled('export * from "comlink";')],
    ["/page.js", await bundled('import "./test/worker/page.ts";', ["rxjs", "comlink"])],
    ["/isolated-page.js", await bundled('import "./test/worker/isolated-page.ts";', ["rxjs", "comlink"])],
    ["/mortal.js", MORTAL],
    ["/syntax-error.js", "const = 1;"],
    ["/throws.js", 'throw new Error("not today");'],
  ]);

  const answer = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/_matrix/")) return homeserver.fetch(request);
    if (pathname === "/") {
      const csp = searchParams.get("csp");
      const name = searchParams.get("name") ?? "page";
      return new Response(html(name), {
        headers: {
          "Content-Type": "text/html",
          ...(csp && { "Content-Security-Policy": csp }),
          ...(name === "isolated-page" && ISOLATED),
        },
      });
    }
    const built = pathname.startsWith("/dist/") && existsSync(`.${pathname}`);
    const text = files.get(pathname) ?? (built ? readFileSync(`.${pathname}`, "utf8") : undefined);
    if (text === undefined) return new Response("Not found", { status: 404 });
    return new Response(text, {
      headers: { "Content-Type": "text/javascript", ...(searchParams.has("coep") && COEP) },
    });
  };

  const server = await new Promise<Server>((resolve) => {
    const serving = serve({ fetch: answer, hostname: "127.0.0.1", port: 0 }, () =>
      resolve(serving as Server),
    );
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await launchChromium();
  const login = (name: string) => ({
    ...homeserver.createUser(`${name}${crypto.randomUUID()}`),
    homeserver: origin,
  });

  const ask = async (account: Account, path: string, body: object): Promise<{ room_id: string }> => {
    const url = `${origin}/_matrix/client/v3/${path}`;
    const headers = { Authorization: `Bearer ${account.accessToken}`, "Content-Type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { room_id: string };
  };

  return {
    origin,
    homeserver,
    browser,
    troubles,
    login,
    async page(csp = "", name = "page") {
      const opened = await browser.newPage();
      opened.on("pageerror", (error) => troubles.push(String(error)));
      await opened.goto(`${origin}/?${new URLSearchParams({ csp, name })}`);
      await opened.waitForFunction("globalThis.workerPage ?? globalThis.isolatedPage");
      return opened;
    },
    async pair() {
      const accounts = [login("alice"), login("bob")] as const;
      const [alice, bob] = accounts;
      const { room_id: roomId } = await ask(alice, "createRoom", {
        preset: "private_chat",
        invite: [bob.userId],
      });
      await ask(bob, `rooms/${encodeURIComponent(roomId)}/join`, {});
      return { accounts, roomId };
    },
    async close() {
      await browser.close();
      homeserver.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
