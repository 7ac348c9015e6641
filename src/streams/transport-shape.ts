import type { Transport } from "./contract.ts";

/** Whether a value has what every transport has. */
export function isTransport(value: unknown): value is Transport {
  const { batches$, connected$, identity, send, turnServers } = (value ?? {}) as Partial<Transport>;
  const streams = [batches$, connected$].every((stream) => typeof stream?.subscribe === "function");
  return streams && [identity, send, turnServers].every((request) => typeof request === "function");
}
