import type { CallStats, Flow } from "../streams/contract.ts";
import type { Kind } from "./capture.ts";
import { scoreOf } from "./score.ts";

/** One report of `getStats()`; which fields there are depends on its type and on the browser. */
export interface Report {
  readonly id: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a connection told at one time. */
export interface Reading {
  readonly at: number;
  readonly reports: readonly Report[];
}

/** What happened between two readings. */
export function statsOf(before: Reading, now: Reading): CallStats {
  const step = new Step(before, now);
  const roundTrip = step.roundTrip();
  const path = step.path();
  const score = step.score(roundTrip);
  return {
    at: now.at,
    ...(roundTrip !== undefined && { roundTrip }),
    sent: flows((kind) => step.sent(kind)),
    received: flows((kind) => step.received(kind)),
    ...(path && { path }),
    ...(score !== undefined && { score }),
  };
}

function flows(flow: (kind: Kind) => Flow | undefined): CallStats["sent"] {
  const [audio, video] = [flow("audio"), flow("video")];
  return { ...(audio && { audio }), ...(video && { video }) };
}

class Step {
  readonly #seconds: number;
  readonly #now: readonly Report[];
  readonly #byId: ReadonlyMap<string, Report>;
  readonly #before: ReadonlyMap<string, Report>;

  constructor(before: Reading, now: Reading) {
    this.#seconds = (now.at - before.at) / 1_000;
    this.#now = now.reports;
    this.#byId = byId(now.reports);
    this.#before = byId(before.reports);
  }

  sent(kind: Kind): Flow | undefined {
    const streams = this.#streams("outbound-rtp", kind);
    const told = this.#streams("remote-inbound-rtp", kind);
    return this.#flow(
      streams,
      "bytesSent",
      Math.max(0, ...told.map((report) => number(report, "fractionLost"))),
      told,
    );
  }

  received(kind: Kind): Flow | undefined {
    const streams = this.#streams("inbound-rtp", kind);
    return this.#flow(streams, "bytesReceived", this.#lossOf(streams), streams);
  }

  roundTrip(): number | undefined {
    const told = [this.#pair(), ...this.#ofType("remote-inbound-rtp")];
    const seconds = told
      .map((report) => report?.currentRoundTripTime ?? report?.roundTripTime)
      .find((value) => typeof value === "number");
    return seconds === undefined ? undefined : seconds * 1_000;
  }

  path(): CallStats["path"] {
    const pair = this.#pair();
    const local = this.#named(pair, "localCandidateId");
    const remote = this.#named(pair, "remoteCandidateId");
    if (!local || !remote) return undefined;
    const types = { local: text(local, "candidateType"), remote: text(remote, "candidateType") };
    return {
      ...types,
      // With a relay of ours, what leaves this machine is spoken to the relay.
      protocol: text(local, "relayProtocol") || text(local, "protocol"),
      relayed: types.local === "relay" || types.remote === "relay",
    };
  }

  /** Nothing where no sound came in: silence is not a quality. */
  score(roundTrip = 0): number | undefined {
    const streams = this.#streams("inbound-rtp", "audio");
    if (this.#grown(streams, "packetsReceived") === 0) return undefined;
    const played = this.#grown(streams, "jitterBufferEmittedCount");
    const buffered = played > 0 ? (1_000 * this.#grown(streams, "jitterBufferDelay")) / played : 0;
    return scoreOf({ roundTrip, buffered, loss: this.#lossOf(streams) });
  }

  #flow(
    streams: readonly Report[],
    bytes: "bytesSent" | "bytesReceived",
    loss: number,
    jitters: readonly Report[],
  ): Flow | undefined {
    if (streams.length === 0) return undefined;
    const jitter = jitters.flatMap((report) => (typeof report.jitter === "number" ? [report.jitter] : []));
    const codec = streams
      .map((report) => this.#named(report, "codecId"))
      .find((report) => report !== undefined);
    return {
      bitrate: this.#seconds > 0 ? (8 * this.#grown(streams, bytes)) / this.#seconds : 0,
      loss: Math.min(1, loss),
      ...(jitter.length > 0 && { jitter: 1_000 * Math.max(...jitter) }),
      ...(codec && { codec: text(codec, "mimeType").split("/")[1] ?? "" }),
    };
  }

  #lossOf(streams: readonly Report[]): number {
    const lost = this.#grown(streams, "packetsLost");
    const all = lost + this.#grown(streams, "packetsReceived");
    return all > 0 ? lost / all : 0;
  }

  /** The pair in use, by either way that browsers name it. */
  #pair(): Report | undefined {
    const transports = this.#ofType("transport");
    const named = transports.map((report) => this.#named(report, "selectedCandidatePairId"));
    return (
      named.find((pair) => pair) ?? this.#ofType("candidate-pair").find((pair) => pair.selected === true)
    );
  }

  /** By how much a counter grew, over all streams; one that went back has begun anew. */
  #grown(streams: readonly Report[], field: string): number {
    return streams.reduce((sum, report) => {
      const before = this.#before.get(report.id);
      return sum + Math.max(0, number(report, field) - (before ? number(before, field) : 0));
    }, 0);
  }

  #streams(type: string, kind: Kind): readonly Report[] {
    return this.#ofType(type).filter((report) => report.kind === kind);
  }

  #ofType(type: string): readonly Report[] {
    return this.#now.filter((report) => report.type === type);
  }

  #named(report: Report | undefined, field: string): Report | undefined {
    return report && this.#byId.get(text(report, field));
  }
}

function byId(reports: readonly Report[]): ReadonlyMap<string, Report> {
  return new Map(reports.map((report) => [report.id, report]));
}

function number(report: Report, field: string): number {
  const value = report[field];
  return typeof value === "number" ? value : 0;
}

function text(report: Report, field: string): string {
  const value = report[field];
  return typeof value === "string" ? value : "";
}
