/** `npm start`: serves the demo until Ctrl-C, or with `--once` shows one call in the terminal. */
import { ensureChromium } from "../scripts/chromium.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import type { NodeServer } from "./node-server.ts";
import { callOnce } from "./once.ts";
import { startDemo } from "./server.ts";
import type { Settings } from "./settings.ts";

const DEFAULT_PORT = 8766;

/** How many ports after the default one are tried. */
const PORTS = 50;

async function main(flags: Flags): Promise<void> {
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const where = flags.settings
    ? `the homeserver ${flags.settings.homeserver}`
    : "a homeserver of its own, in memory";
  console.log(`▸ Trunkline demo: two phones, each with a Web Worker, on ${where}`);
  if (flags.once) await once(flags);
  else await stay(flags);
}

async function once({ port, settings }: Flags): Promise<void> {
  // Where it has to be installed first, that is no part of the call.
  await ensureChromium();
  const demo = await start(port, settings);
  console.log("▸ One video call from Alice to Bob in a headless browser, ms since it was placed\n");
  try {
    console.log(await callOnce(demo.url));
  } finally {
    await demo.close();
  }
}

async function stay({ port, settings }: Flags): Promise<void> {
  const demo = await start(port, settings);
  console.log(`▸ Open ${demo.url} and press a call button. Ctrl-C ends it.`);
  await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
  });
  await demo.close();
}

async function start(port: number | undefined, settings: Settings | undefined): Promise<NodeServer> {
  const last = port ?? DEFAULT_PORT + PORTS;
  for (let candidate = port ?? DEFAULT_PORT; ; candidate++) {
    try {
      return await startDemo({ port: candidate, ...(settings && { settings }) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (candidate === last) {
        const what = port === undefined ? `Ports ${DEFAULT_PORT} to ${last} are` : `Port ${port} is`;
        throw new Error(`${what} taken: choose another with --port N`);
      }
    }
  }
}

function readFlags(): Flags | undefined {
  try {
    return parseFlags(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    return undefined;
  }
}

const flags = readFlags();
if (!flags) process.exit(2);
try {
  await main(flags);
  process.exit(0);
} catch (error) {
  console.error(`✗ ${(error as Error).message}`);
  process.exit(1);
}
