/** Chromium with phones in it: pages served beside the built worker, each with a phone of its own. */
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import type { PhonePage, StartOptions } from "./phone-page.ts";

/** The functions of a page's phone, called from here. */
export type RemotePhone = {
  readonly [F in keyof PhonePage]: (
    ...args: Parameters<PhonePage[F]>
  ) => Promise<Awaited<ReturnType<PhonePage[F]>>>;
};

export interface Stage {
  readonly url: string;
  /** Opens a page with a phone that is online. */
  phone(options: Omit<StartOptions, "homeserver"> & { readonly homeserver?: string }): Promise<RemotePhone>;
  /** Errors that no page caught, so far. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** `matrix` answers under `/_matrix`, and is the homeserver of phones that name no other. */
export async function openStage(matrix?: (request: Request) => Promise<Response>): Promise<Stage> {
  const files = new Map([
    ["/", { type: "text/html", body: '<!doctype html><script type="module" src="/page.js"></script>' }],
    ["/page.js", { type: "text/javascript", body: await bundlePage() }],
    ["/worker/entry.js", { type: "text/javascript", body: await builtWorker() }],
  ]);
  const server: NodeServer = await serve((request) => {
    const { pathname } = new URL(request.url);
    if (matrix && pathname.startsWith("/_matrix/")) return matrix(request);
    const file = files.get(pathname);
    return new Response(file?.body ?? null, {
      status: file ? 200 : 404,
      headers: { "content-type": file?.type ?? "text/plain" },
    });
  });
  const browser: Browser = await launchChromium();
  const errors: string[] = [];

  return {
    url: server.url,
    errors,
    async phone(options) {
      const tab = await (await browser.newContext()).newPage();
      tab.on("pageerror", (error) => errors.push(String(error)));
      await tab.goto(server.url);
      await tab.waitForFunction(() => "page" in globalThis);
      const phone = remote(tab);
      await phone.start({ homeserver: server.url, ...options });
      return phone;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

function remote(tab: Page): RemotePhone {
  const call = (name: string, args: unknown[]) =>
    tab.evaluate(
      ([fn, values]) =>
        (globalThis.page as unknown as Record<string, (...a: unknown[]) => unknown>)[fn]?.(...values),
      [name, args] as const,
    );
  return new Proxy({} as RemotePhone, {
    // A promise asks for `then` of whatever it resolves with.
    get: (_target, name) => (name === "then" ? undefined : (...args: unknown[]) => call(String(name), args)),
  });
}

async function bundlePage(): Promise<string> {
  const page = await build({
    entryPoints: ["test/e2e/phone-page.ts"],
    bundle: true,
    format: "esm",
    write: false,
    sourcemap: "inline",
    target: "es2022",
    logLevel: "silent",
  });
  return page.outputFiles[0]?.text ?? "";
}

async function builtWorker(): Promise<string> {
  try {
    return await readFile("dist/worker/entry.js", "utf8");
  } catch (cause) {
    throw new Error("The worker is not built: run `npm run build` first.", { cause });
  }
}
