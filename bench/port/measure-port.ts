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

/** How many signals of one side come before those of the other. */
const SIGNALS_IN_TURN = 10;

type SideName = keyof PortFindings;
const NAMES: readonly SideName[] = ["ours", "floor"];

/**
 * One round of both sides, workers fresh and warmed up. They take turns from one command to the next: what slows the
 * machine down for a moment slows both.
 */
export async function measurePort({ ours, bare }: PortWorkers): Promise<PortFindings> {
  const sides = { ours: ourSide(ours), floor: bareSide(bare) };
  try {
    for (const name of NAMES) for (let i = 0; i < WARM_UP; i++) await sides[name].roundTrip();
    const [unloaded, loaded] = [await timesOf(sides, "unloaded"), await timesOf(sides, "loaded")];
    return {
      ours: { unloaded: unloaded.ours, loaded: loaded.ours },
      floor: { unloaded: unloaded.floor, loaded: loaded.floor },
    };
  } finally {
    await Promise.all(NAMES.map((name) => sides[name].close()));
  }
}

async function timesOf(
  sides: Readonly<Record<SideName, PortSide>>,
  load: Load,
): Promise<Record<SideName, PortTimes>> {
  const rest = load === "loaded" ? keepBusy() : () => {};
  const found = {
    ours: { roundTrip: [] as number[], signal: [] as number[] },
    floor: { roundTrip: [] as number[], signal: [] as number[] },
  };
  try {
    while (found.floor.roundTrip.length < SAMPLES[load]) {
      for (const name of NAMES) {
        await wait(COMMAND_GAP[load]);
        found[name].roundTrip.push(await sides[name].roundTrip());
      }
    }
    while (found.floor.signal.length < SIGNALS) {
      for (const name of NAMES) found[name].signal.push(...(await sides[name].signals(SIGNALS_IN_TURN)));
    }
    return found;
  } finally {
    rest();
  }
}
