import { createEngine } from "../signaling/engine.ts";
import { matrixTransport } from "../signaling/transports/matrix.ts";
import type { SignalingHalf } from "../streams/contract.ts";
import { checkOptions, type SignalingOptions } from "./options.ts";
import { singleRefresh } from "./tokens.ts";

export type { LoginOptions, SignalingOptions, TransportOptions } from "./options.ts";

/**
 * Starts the engine on this thread: the same as `spawnSignaling`, without a worker. For pages that must not have one,
 * and for runtimes without a main thread to spare. Throws `invalid_option` for options that cannot be right.
 */
export function localSignaling(options: SignalingOptions): SignalingHalf {
  const checked = checkOptions(options, "localSignaling");
  if (checked.transport) return createEngine({ transport: checked.transport });
  const { tokenRefresh, ...login } = checked;
  const refresh = tokenRefresh && { tokenRefresh: singleRefresh(tokenRefresh) };
  return createEngine({ transport: matrixTransport({ ...login, ...refresh }) });
}
