/** Chromium with phones in it: pages served beside the built worker, each with a phone of its own. */
import type { BuildOptions } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { builtWorker, bundle } from "../../scripts/lib/bundle.ts";
import type { PhonePage, StartOptions } from "./phone-page.ts";

/** The functions of a page's phone, called from here. */
export type RemotePhone = {
  readonly [F in keyof PhonePage]: (
    ...args: Parameters<PhonePage[F]>
  ) => Promise<Awaited<ReturnType<PhonePage[F]>>>;
};

export interface Stage {
  readonly url: string;
  /**
   * Opens one of the pages named when the stage was opened; without a name, the one of a phone that is to be started.
   * Tabs of one context share storage, workers and locks; by default each has a context of its own.
   */
  tab(page?: string, context?: BrowserContext): Promise<Page>;
  context(): Promise<BrowserContext>;
  /** Opens a page with a phone that is online. */
  phone(options: Omit<StartOptions, "homeserver"> & { readonly homeserver?: string }): Promise<RemotePhone>;
  /** Errors that no page caught, so far. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface ServedFile {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

type Extra = Readonly<Record<string, ServedFile>>;

/** The scripts of pages, by name; with options where esbuild needs some to bundle it. */
export type PageScripts = Readonly<Record<string, string | BuildOptions>>;

/**
 * Serves the pages of a stage, and the built worker beside them, on loopback unless another `host` is given. `matrix`
 * answers under `/_matrix`. `pages` are more pages; `extra` are files that they fetch, by path.
 */
export async function servePages({
  matrix,
  pages = {},
  extra = {},
  host,
}: {
  readonly matrix?: (request: Request) => Promise<Response>;
  readonly pages?: PageScripts;
  readonly extra?: Extra;
  readonly host?: string;
}): Promise<NodeServer> {
  const files = new Map<string, ServedFile>(Object.entries(extra));
  for (const entry of ["entry", "shared-entry"])
    files.set(`/worker/${entry}.js`, { type: "text/javascript", body: await builtWorker(entry) });
  for (const [name, script] of Object.entries({ "": "test/e2e/phone-page.ts", ...pages })) {
    const html = `<!doctype html><script type="module" src="/${name}.js"></script>`;
    files.set(`/${name}`, { type: "text/html", body: html });
    files.set(`/${name}.js`, {
      type: "text/javascript",
      body: await bundle({
        sourcemap: "inline",
        ...(typeof script === "string" ? { entryPoints: [script] } : script),
      }),
    });
  }
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (matrix && pathname.startsWith("/_matrix/")) return matrix(request);
    const file = files.get(pathname);
    return new Response(file?.body ?? null, {
      status: file ? 200 : 404,
      headers: { "content-type": file?.type ?? "text/plain" },
    });
  };
  return serve(answer, host === undefined ? {} : { host });
}

/** As `servePages`, in a Chromium. The homeserver of `matrix` is that of phones that name no other. */
export async function openStage(
  matrix?: (request: Request) => Promise<Response>,
  pages: PageScripts = {},
  extra: Extra = {},
): Promise<Stage> {
  const server = await servePages({ pages, extra, ...(matrix && { matrix }) });
  const browser: Browser = await launchChromium();
  const errors: string[] = [];

  // A page has loaded when its script has run.
  const openTab = async (page = "", context?: BrowserContext): Promise<Page> => {
    const tab = await (context ?? (await browser.newContext())).newPage();
    tab.on("pageerror", (error) => errors.push(String(error)));
    await tab.goto(`${server.url}/${page}`);
    return tab;
  };

  return {
    url: server.url,
    errors,
    tab: openTab,
    context: () => browser.newContext(),
    async phone(options) {
      const phone = remote(await openTab());
      await phone.start({ homeserver: server.url, ...options });
      return phone;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** The phone of a page. */
export function remote(tab: Page): RemotePhone {
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
