import type { IceServer } from "./contract.ts";

/** Those whose credentials have not lapsed (P29). */
export function inForce(servers: readonly IceServer[], now: number): readonly IceServer[] {
  return servers.filter(({ expiresAt = now + 1 }) => expiresAt > now);
}

/** As they cross a port, where the far end has a clock of its own: `by` is minus now on this side, now on that one. */
export function shifted(servers: readonly IceServer[], by: number): readonly IceServer[] {
  return servers.map((server) =>
    server.expiresAt === undefined ? server : { ...server, expiresAt: server.expiresAt + by },
  );
}
