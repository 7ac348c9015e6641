import {
  defer,
  firstValueFrom,
  type Observable,
  retry,
  takeUntil,
  throwError,
  throwIfEmpty,
  timer,
} from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { Clock, Memory } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";
import { createHub, type Engine, type Hub, type TabHalf } from "./hub.ts";

/** The login that all tabs share. */
export interface Login {
  readonly homeserver: string;
  readonly accessToken: string;
  readonly userId: string;
  readonly deviceId: string;
}

/** What a tab starts its half with. */
export interface TabStart extends Login {
  /** Names the tab, and the lock that it holds for as long as it is there. */
  readonly tab: string;
  /** Of a hub that the tab has lost. */
  readonly memory?: Memory;
}

export interface DoorOptions {
  /** `refresh` gives a newer token than the login's; rejects with `unknown_token` where no tab has brought one. */
  readonly createEngine: (login: Login, memory: Memory | undefined, refresh: () => Promise<string>) => Engine;
  /** Rejects where the token is not that user's and device's, or not known at all. */
  readonly identify: (login: Login) => Promise<unknown>;
  readonly gone: (tab: string) => Observable<unknown>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Lets tabs in: the first one makes the hub, and so does the first after the last. All must have the same login. A tab
 * that brings another token than the one in use waits until the homeserver knows it as the same device's; it is then
 * kept for when the one in use expires. Throws `invalid_option` for another login.
 */
export function createDoor({ createEngine, identify, gone, clock, random }: DoorOptions) {
  let hub: Hub | undefined;
  let present: Login;
  let newest: string;

  const open = (login: Login, memory: Memory | undefined): Hub => {
    let inUse = login.accessToken;
    present = login;
    newest = inUse;
    const refresh = async () => {
      if (newest === inUse)
        throw new TrunklineError("unknown_token", "The access token is not known any more");
      inUse = newest;
      return inUse;
    };
    return createHub({
      createEngine: (engineMemory) => createEngine(login, engineMemory, refresh),
      gone,
      clock,
      ...(memory && { memory }),
    });
  };

  /** Resolves when the homeserver has said whose token it is; asks again for as long as it cannot be reached. */
  const examine = async (login: Login, tab: string): Promise<void> => {
    const asking = defer(() => identify(login)).pipe(
      retry({
        delay: (error, attempt) =>
          isTransient(error)
            ? timer(backoff(BACKOFF_POLICY, random, attempt - 1, error), clock)
            : throwError(() => error),
      }),
      takeUntil(gone(tab)),
      throwIfEmpty(() => new TrunklineError("closed", "The tab has gone")),
    );
    await firstValueFrom(asking).catch((thrown) => {
      throw explained(toTrunklineError(thrown));
    });
    newest = login.accessToken;
  };

  return ({ tab, memory, ...login }: TabStart): TabHalf => {
    if (!hub || hub.over) {
      hub = open(login, memory);
      return hub.join(tab);
    }
    if (!isSame(login, present)) throw another(`here it is that of ${present.userId}, ${present.deviceId}`);
    return hub.join(tab, login.accessToken === newest ? undefined : examine(login, tab));
  };
}

const isSame = (a: Login, b: Login): boolean =>
  a.homeserver === b.homeserver && a.userId === b.userId && a.deviceId === b.deviceId;

const explained = (error: TrunklineError): TrunklineError =>
  error.code === "invalid_option" ? another(error.message) : error;

const another = (why: string): TrunklineError =>
  new TrunklineError(
    "invalid_option",
    `sharedSignaling: this tab's login is not the one that its other tabs share: ${why}. Give homeserver, userId, deviceId and accessToken of one login; another login gets an engine of its own`,
  );
