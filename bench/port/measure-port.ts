/** Runs where the main thread is: in a page, or on Node. */
import type { WorkerEndpoint } from "../../src/worker/endpoint.ts";
import { keepBusy } from "../browser/keep-busy.ts";
import { wait } from "./payload.ts";
import { bareSide, ourSide, type PortSide } from "./sides.ts";

export type Load = "unloaded" | "loaded";

/** In ms. */
export interface PortTimes {
  readonly roundTrip: readonly number[];
  readonly signal: readonly number[];
}

export type PortFindings = {
  readonly [S in "ours" | "floor"]: { readonly [L in Load]: PortTimes };
};

export interface PortWorkers {
  ours(): WorkerEndpoint;
  bare(): WorkerEndpoint;
}

const SAMPLES: { readonly [L in Load]: number } = { unloaded: 50, loaded: 20 };
/** The most time between two commands, in ms: on a busy page, as long as a burst of its work and its rest. */
const COMMAND_GAP: { readonly [L in Load]: number } = { unloaded: 5, loaded: 50 };
const SIGNALS = 50;
const WARM_UP = 300;

/** One round of each side, its worker fresh and warmed up. */
export async function measurePort({ ours, bare }: PortWorkers): Promise<PortFindings> {
  return { ours: await measureSide(ourSide(ours)), floor: await measureSide(bareSide(bare)) };
}

async function measureSide(side: PortSide): Promise<PortFindings["ours"]> {
  try {
    for (let i = 0; i < WARM_UP; i++) await side.roundTrip();
    return { unloaded: await timesOf(side, "unloaded"), loaded: await timesOf(side, "loaded") };
  } finally {
    await side.close();
  }
}

async function timesOf(side: PortSide, load: Load): Promise<PortTimes> {
  const rest = load === "loaded" ? keepBusy() : () => {};
  try {
    const roundTrip: number[] = [];
    while (roundTrip.length < SAMPLES[load]) {
      await wait(COMMAND_GAP[load]);
      roundTrip.push(await side.roundTrip());
    }
    return { roundTrip, signal: await side.signals(SIGNALS) };
  } finally {
    rest();
  }
}
