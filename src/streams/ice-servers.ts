import { filter, type MonoTypeOperatorFunction } from "rxjs";
import type { Clock, IceServer } from "./contract.ts";

/** Whether its credentials have not lapsed (P29). */
export const isInForce = ({ expiresAt = Number.POSITIVE_INFINITY }: IceServer, now: number): boolean =>
  expiresAt > now;

/** Leaves out a list that has lapsed, as a replayed one may have: what is in force follows, from whoever renews it. */
export const inForce = (clock: Clock): MonoTypeOperatorFunction<readonly IceServer[]> =>
  filter((servers) => servers.every((server) => isInForce(server, clock.now())));

/** As they cross a port, where the far end has a clock of its own: `by` is minus now on this side, now on that one. */
export const shifted = (servers: readonly IceServer[], by: number): readonly IceServer[] =>
  servers.map(({ expiresAt, ...server }) =>
    expiresAt === undefined ? server : { ...server, expiresAt: expiresAt + by },
  );
