/** `npm run bench`: how long calls take in Chromium, through a Web Worker and a homeserver. `--help` tells the rest. */
import { parseArgs } from "node:util";
import { startSynapse } from "../scripts/synapse.ts";
import { createHomeserver } from "../src/testing/homeserver/index.ts";
import type { Pair } from "../test/e2e/call-scenarios.ts";
import { embeddedPair, registeredPair } from "../test/e2e/pairs.ts";
import { openStage } from "../test/e2e/stage.ts";
import { type CallTimes, timeCall } from "./calls.ts";
import { type Row, row, table } from "./statistics.ts";

const HELP = `npm run bench -- [options]
  --n N                    how many calls to time (default 20)
  --homeserver embedded    in this process, in memory (default)
  --homeserver synapse     a Synapse of its own, or the one that SYNAPSE_URL names
  --json                   rows as JSON, and nothing else, on standard output`;

interface Options {
  readonly n: number;
  readonly homeserver: "embedded" | "synapse";
  readonly json: boolean;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      n: { type: "string", default: "20" },
      homeserver: { type: "string", default: "embedded" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const n = Number(values.n);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--n must be a whole number from 1 on; got ${values.n}`);
  const { homeserver, json } = values;
  if (homeserver !== "embedded" && homeserver !== "synapse") {
    throw new Error(`--homeserver must be embedded or synapse; got ${homeserver}`);
  }
  return { n, homeserver, json };
}

/** Two phones on the homeserver that is asked for; what is opened on the way goes on `closers`. */
async function open(homeserver: Options["homeserver"], closers: (() => unknown)[]): Promise<Pair> {
  if (homeserver === "synapse") {
    const synapse = await startSynapse();
    closers.push(() => synapse.close());
    const stage = await openStage();
    closers.push(() => stage.close());
    return registeredPair(stage, synapse.url);
  }
  const embedded = createHomeserver();
  closers.push(() => embedded.close());
  const stage = await openStage((request) => embedded.fetch(request));
  closers.push(() => stage.close());
  return embeddedPair(stage, embedded);
}

async function measure(options: Options, say: (text: string) => void): Promise<Row[]> {
  const closers: (() => unknown)[] = [];
  try {
    const pair = await open(options.homeserver, closers);
    say("warming up: one call that does not count\n");
    await inTime(timeCall(pair));
    const times: CallTimes[] = [];
    while (times.length < options.n) {
      times.push(await inTime(timeCall(pair)));
      say(`\rcall ${times.length} of ${options.n}`);
    }
    say("\n");
    const samples = (name: keyof CallTimes) => times.map((time) => time[name]);
    return [
      row("ring: place -> rings at the callee", "ms", samples("ring")),
      row("pick-up: accept -> both connected", "ms", samples("pickUp")),
      row("accept -> media on both sides", "ms", samples("firstMedia")),
      row("events in the room, a call", "events", samples("events")),
    ];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** A call that takes this long, in ms, is a fault, not a figure. */
const DEADLINE = 30_000;

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`a call was not over after ${DEADLINE / 1_000} s`)), DEADLINE);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

try {
  const options = readOptions();
  if (!options) console.log(HELP);
  else {
    const say = (text: string) => void (options.json || process.stderr.write(text));
    const rows = await measure(options, say);
    console.log(
      options.json
        ? JSON.stringify(rows, null, 2)
        : `video calls, ${options.homeserver} homeserver\n${table(rows)}`,
    );
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}\n\n${HELP}`);
  process.exitCode = 1;
}
