/** What the benchmark asks of a page with a phone in it, whoever's phone that is. */
import type { PolicyOption } from "../../src/streams/policy.ts";
import type { Mark } from "../waterfall.ts";

export interface StartOptions {
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  /** Whether all media must go through the homeserver's TURN server. */
  readonly relay: boolean;
  /** Lets both sides' candidates be found one by one, as on a slow network. */
  readonly slowGathering?: SlowGathering;
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

export interface PlaceOptions {
  readonly roomId: string;
  readonly invitee: string;
  readonly video: boolean;
}

export interface AnswerOptions {
  /** How long the user lets it ring, in ms. */
  readonly after: number;
  readonly video: boolean;
}

/** What a page marks: what its connection, its devices and its requests do, and what its user does and sees. */
export type MarkName =
  | "place"
  | "ringing"
  | "accept"
  | "devices open"
  | "description made"
  | "answer received"
  | "gathering complete"
  | "ICE connected"
  | "connected"
  | "first audio"
  | "first frame"
  | `${Message} sent`
  | `${Message} acknowledged`
  | "all candidates sent"
  | "ended";

/** A call's event by the end of its type: `m.call.invite` and so on. */
export type Message = "invite" | "answer" | "candidates" | "select_answer" | "hangup" | "reject" | "other";

export type EventCounts = { readonly [M in Message]?: number };

/** A moment in ms since 1970 by the clock of `performance`, the same in every page. */
export type Moment = Omit<Mark, "by" | "name"> & { readonly name: MarkName };

export interface BenchPage {
  /** Resolves once the phone is online. */
  start(options: StartOptions): Promise<void>;
  /** Forgets the last call. The next one that rings is accepted as said, or left to ring. */
  expect(answer?: AnswerOptions): void;
  place(options: PlaceOptions): void;
  /** Resolves when the present call has reached this; rejects where it ends before. */
  reaches(...names: MarkName[]): Promise<void>;
  hangup(): void;
  /** The first moment of each kind in the present call. */
  moments(): readonly Moment[];
  /** How many call events of this side the room has, by their type. */
  sent(): EventCounts;
}

declare global {
  var bench: BenchPage;
}
