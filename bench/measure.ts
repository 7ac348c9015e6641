import type { Row } from "./row.ts";
import type { World } from "./world.ts";

/** What a measure is given. */
export interface BenchContext {
  /** How many samples a row should have. */
  readonly n: number;
  /** `embedded`, `synapse`, or a homeserver's URL. */
  readonly homeserver: string;
  /** The browser and homeserver for calls, with or without TURN; open until the run ends, or the other is asked for. */
  world(options: { readonly turn: boolean }): Promise<World>;
  /** Says how far it is, in a few words; each takes the place of the one before. */
  say(progress: string): void;
}

/** Something that can be measured. */
export interface Measure {
  /** What `--only` calls it, and what the names of its rows begin with. */
  readonly name: string;
  /** What it measures, in one line for people. */
  readonly what: string;
  /** Resolves with rows in the order in which they are to be read. Closes what it opened, however it ends. */
  run(context: BenchContext): Promise<readonly Row[]>;
}
