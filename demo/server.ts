import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/lib/bundle.ts";
import { createHomeserver, type Homeserver } from "../src/testing/homeserver/index.ts";
import { type NodeServer, serve } from "./node-server.ts";
import { SETTINGS_PATH, type Settings } from "./settings.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What the page may do: load from here only, and talk to any homeserver. */
const POLICY = "default-src 'self'; img-src 'self' data:; connect-src 'self' http: https:";

interface File {
  readonly type: string;
  readonly body: string;
}

export interface DemoOptions {
  /** Default: any that is free. Rejects with `EADDRINUSE` where it is taken. */
  readonly port?: number;
  /** Default: a homeserver of its own, in memory, under the same address. */
  readonly settings?: Settings;
}

/** Serves the demo on loopback, from what `npm run build` has made. */
export async function startDemo({ port = 0, settings }: DemoOptions = {}): Promise<NodeServer> {
  const files = await loadFiles();
  files.set(SETTINGS_PATH, {
    type: "application/json",
    body: JSON.stringify(settings ?? { alice: {}, bob: {} }),
  });
  const homeserver = settings?.homeserver ? undefined : createHomeserver({ serverName: "demo" });
  const server = await serve((request) => answer(request, files, homeserver), { port });
  return {
    url: server.url,
    async close() {
      homeserver?.close();
      await server.close();
    },
  };
}

async function answer(
  request: Request,
  files: ReadonlyMap<string, File>,
  homeserver?: Homeserver,
): Promise<Response> {
  const { pathname, hostname } = new URL(request.url);
  // Other sites may lead their names to this address, and are not to read its settings.
  if (hostname !== "127.0.0.1" && hostname !== "localhost") return new Response("Not here", { status: 421 });
  if (homeserver && pathname.startsWith("/_matrix/")) return homeserver.fetch(request);
  const file = files.get(pathname === "/" ? "/index.html" : pathname);
  if (!file) return new Response("Not found", { status: 404 });
  const headers = { "Content-Type": `${file.type}; charset=utf-8`, "Content-Security-Policy": POLICY };
  return new Response(file.body, { headers: { ...headers, "Cache-Control": "no-store" } });
}

async function loadFiles(): Promise<Map<string, File>> {
  const [html, style, ladder, drawing, entry, page] = await Promise.all([
    readFile(join(ROOT, "demo/index.html"), "utf8"),
    readFile(join(ROOT, "demo/style.css"), "utf8"),
    readFile(join(ROOT, "demo/ladder.css"), "utf8"),
    readFile(join(ROOT, "demo/drawing.css"), "utf8"),
    readFile(join(ROOT, "dist/worker/entry.js"), "utf8").catch(() => {
      throw new Error("There is no dist/worker/entry.js to serve: run `npm run build` first");
    }),
    bundlePage(),
  ]);
  const css = "text/css";
  const script = "text/javascript";
  return new Map([
    ["/index.html", { type: "text/html", body: html }],
    ["/style.css", { type: css, body: style }],
    ["/ladder.css", { type: css, body: ladder }],
    ["/drawing.css", { type: css, body: drawing }],
    ["/page.js", { type: script, body: page }],
    // esbuild leaves `new URL("./entry.js", import.meta.url)` as it is: so it means the neighbour of the bundle.
    ["/entry.js", { type: script, body: entry }],
  ]);
}

/** The page's script; `trunkline` in it is the package as an app gets it, from dist. */
const bundlePage = (): Promise<string> =>
  bundle({
    absWorkingDir: ROOT,
    entryPoints: ["demo/page.ts"],
    conditions: ["es2015"],
    sourcemap: "inline",
  });
