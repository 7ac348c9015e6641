import type { Observable } from "rxjs";
import type { CallRef, Memory, MemoryChange, Signal, SignalingHalf } from "./contract.ts";
import { otherVersion, PROTOCOL } from "./protocol.ts";

/** A signal on its way to a page, and what the page gives back once it has received it, where that matters. */
export interface SentSignal {
  readonly signal: Signal;
  readonly receipt?: string;
}

/** What a half would need to go on elsewhere, and how many signals were sent before it. */
export interface SentMemory {
  readonly change: MemoryChange;
  readonly sent: number;
}

/** What a page starts a half with, beside the options of its transport. */
export interface StartState {
  /** What is left of an engine before this one. */
  readonly memory?: Memory | undefined;
  /** The calls that the page takes for live: it receives the end of those that are not. */
  readonly known: readonly CallRef[];
  /** Of the last signal that the page received on an earlier connection. */
  readonly receipt?: string | undefined;
}

/**
 * What a worker exposes by comlink: the streams of its half, each for one subscription, and what starts and watches it.
 * They may be subscribed to before the start and after it: what they emit meanwhile is kept.
 */
export interface SignalingHost
  extends Pick<Required<SignalingHalf>, "status$" | "iceServers$" | "finalRequests$" | "close"> {
  readonly sent$: Observable<SentSignal>;
  readonly memory$: Observable<SentMemory>;
  /** Makes the half. */
  start(options: unknown, state: StartState): void;
  /** Subscribes to the half's signals from now on, or from its start: a half may sync only for a subscriber. */
  read(): void;
  /** As that of the half; resolves with how many signals were sent before. */
  dispatch(command: Parameters<SignalingHalf["dispatch"]>[0]): Promise<number>;
  /** A sign of life; `receipt` is that of the last signal that was received. Returns how many were sent. */
  ping(receipt?: string): number;
  /** Emits once this lock is held, which is for as long as the worker lives. */
  lock(name: string): Observable<void>;
}

/** The first and only message to a worker: the ports on which everything else passes. */
export interface Hello<Port> {
  /** For `SignalingHost`. */
  readonly port: Port;
  /** What the page exposes to the engine, where it does: its transport, or new access tokens. */
  readonly page?: Port;
}

const HELLO = "trunkline:hello";

export function makeHello<Port>(
  ports: Hello<Port>,
): Hello<Port> & { readonly kind: string; readonly protocol: typeof PROTOCOL } {
  return { kind: HELLO, protocol: PROTOCOL, ...ports };
}

type SentHello<Port> = Partial<Hello<Port>> & {
  readonly kind?: unknown;
  readonly protocol?: { readonly major?: unknown };
};

/**
 * The ports of a hello, or undefined for any other message. Only a worker's creator can send it one. Throws
 * `invalid_option` for one of another major version: thrown in a worker's listener, its creator receives it.
 */
export function readHello<Port>(data: unknown): Hello<Port> | undefined {
  const hello = data as SentHello<Port> | null | undefined;
  if (hello?.kind !== HELLO) return undefined;
  if (hello.protocol?.major !== PROTOCOL.major) throw otherVersion();
  const { port, page } = hello;
  return port && { port, ...(page && { page }) };
}
