/** The bundlers of test/heavy/bundlers, each run by its script there in a process of its own. */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { onExit } from "../../scripts/lib/exit.ts";
import { run } from "../../scripts/lib/run.ts";

export const FIXTURE = resolve("test/heavy/bundlers");

const script = (bundler: string) => join(FIXTURE, "build", `${bundler}.js`);

/** Builds pages of the fixture into `folder`. Rejects with what the bundler printed where it fails. */
export async function build(bundler: string, folder: string, pages: readonly string[]): Promise<void> {
  const { code, output } = await run(process.execPath, [script(bundler), folder, ...pages]);
  if (code !== 0) throw new Error(`${bundler} failed:\n${output}`);
  for (const page of pages) {
    const html = join(folder, `${page}.html`);
    if (existsSync(html)) continue;
    writeFileSync(html, `<!doctype html><script type="module" src="./${page}.js"></script>`);
  }
  copyWorker(folder);
}

/** What an app does where its bundler does not. */
function copyWorker(folder: string): void {
  const entry = createRequire(join(FIXTURE, "src/")).resolve("trunkline/worker/entry");
  mkdirSync(folder, { recursive: true });
  copyFileSync(entry, join(folder, "trunkline-worker.js"));
}

export interface DevServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the pages from their source. Rejects with what the server printed where it ends instead. */
export async function serveSource(bundler: string, folder: string): Promise<DevServer> {
  copyWorker(folder);
  const child = spawn(process.execPath, [script(`${bundler}-dev`), folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const release = onExit(() => child.kill());
  const gone = new Promise<void>((done) => child.on("exit", () => done()));
  let output = "";
  const collect = (chunk: string) => {
    output += chunk;
  };
  child.stderr.setEncoding("utf8").on("data", collect);
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /^serving (.*)$/.exec(line) ?? [];
    if (!url) collect(`${line}\n`);
    else
      return {
        url,
        async stop() {
          child.kill();
          await gone;
          release();
        },
      };
  }
  throw new Error(`${bundler} does not serve:\n${output}`);
}
