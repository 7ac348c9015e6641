import type { CallRef, Command, Memory, Signal } from "./contract.ts";
import { type ErrorData, fromErrorData, TrunklineError, toErrorData } from "./errors.ts";
import type { PortLike } from "./link.ts";
import { PROTOCOL } from "./protocol.ts";

/** What a page asks of an engine behind a port. Nothing here rejects: an error's fields would not survive comlink. */
export interface SignalingControl {
  /**
   * Makes the engine; `options` are those of its transport, `memory` is what is left of an engine before it, `known` are
   * the calls that the page takes for live: it is told of the end of those that are not. For `receipt` see ping.
   */
  start(
    options: unknown,
    memory: Memory | undefined,
    known: readonly CallRef[],
    receipt?: string,
  ): Promise<Answer>;
  dispatch(command: Command): Promise<Answer>;
  /** A sign of life; `receipt` is that of the last signal that was received. */
  ping(receipt?: string): Promise<Answer>;
  /** Closes the engine. */
  stop(): Promise<Answer>;
}

/** A signal on its way to a page, and what the page gives back once it has received it, where that matters. */
export interface SentSignal {
  readonly signal: Signal;
  readonly receipt?: string;
}

export type Answer = { readonly ok: true } | { readonly ok: false; readonly error: ErrorData };

/** The first and only message to a worker: the ports on which everything else is said. */
export interface Hello<Port extends PortLike> {
  /** For `SignalingControl`, by comlink. */
  readonly control: Port;
  /** For `serveStreams`: see hostSignaling. */
  readonly streams: Port;
  /** What the page serves to the engine, where it does: its transport, or new access tokens. */
  readonly page?: Port;
}

const HELLO = "trunkline:hello";

export function makeHello<Port extends PortLike>(
  ports: Hello<Port>,
): Hello<Port> & { readonly kind: string; readonly protocol: typeof PROTOCOL } {
  return { kind: HELLO, protocol: PROTOCOL, ...ports };
}

type SentHello<Port extends PortLike> = Partial<Hello<Port>> & {
  readonly kind?: unknown;
  readonly protocol?: { readonly major?: unknown };
};

/**
 * The ports of a hello, or undefined for any other message. Only a worker's creator can send it one. Throws
 * `invalid_option` for one of another major version: thrown in a worker's listener, its creator receives it.
 */
export function readHello<Port extends PortLike>(data: unknown): Hello<Port> | undefined {
  const hello = data as SentHello<Port> | null | undefined;
  if (hello?.kind !== HELLO) return undefined;
  if (hello.protocol?.major !== PROTOCOL.major)
    throw new TrunklineError(
      "invalid_option",
      "The page and its worker's script are of different versions: serve the script of the page's own package",
    );
  const { control, streams, page } = hello;
  return control && streams && { control, streams, ...(page && { page }) };
}

/** Runs `work` and tells how it went. */
export async function answer(work: () => unknown): Promise<Answer> {
  try {
    await work();
    return { ok: true };
  } catch (thrown) {
    return { ok: false, error: toErrorData(thrown) };
  }
}

/** Throws what `answer` caught. */
export function unwrap(answer: Answer): void {
  if (!answer.ok) throw fromErrorData(answer.error);
}
