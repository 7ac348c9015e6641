/** What the benchmark asks of a page with a phone in it, whoever's phone that is. */
import type { CallEnd } from "../../src/bench/call-end.ts";
import type { PolicyOption } from "../../src/streams/policy.ts";

export interface StartOptions {
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  /** Whether all media must go through the homeserver's TURN server. */
  readonly relay: boolean;
  /** Lets both sides' candidates be found one by one, as on a slow network. */
  readonly slowGathering?: SlowGathering;
  /** Whether Trunkline keeps a connection ready; the rival always does. */
  readonly warm: boolean;
  /** Trunkline's alone. */
  readonly policy?: PolicyOption;
}

export interface SlowGathering {
  readonly candidates: number;
  /** Time between two of them, in ms. */
  readonly gap: number;
  /**
   * How many made up ones at most come before the first of the connection's own, by which a path can be found: spread
   * evenly over the connections of a page. Default 0.
   */
  readonly before?: number;
}

/** An end of the calls, and how it comes online. */
export interface BenchPage extends CallEnd {
  /** Resolves once the phone is online. */
  start(options: StartOptions): Promise<void>;
}

declare global {
  var bench: BenchPage;
}
