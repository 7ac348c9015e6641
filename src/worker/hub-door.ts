import type { Observable } from "rxjs";
import type { CallRef, Clock, Memory } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { opaqueId, type Random } from "../streams/ids.ts";
import type { PolicyOption } from "../streams/policy.ts";
import { createHub, type Engine, type Hub, type TabHalf } from "./hub.ts";
import { HubTokens } from "./hub-tokens.ts";

/** The login that all tabs share. */
export interface Login {
  readonly homeserver: string;
  readonly accessToken: string;
  readonly userId: string;
  readonly deviceId: string;
  /** Of the engine, where this tab is the one that makes it. */
  readonly policy?: PolicyOption;
}

/** What a tab starts its half with. */
export interface TabStart extends Login {
  /** Names the tab, and the lock that it holds for as long as it is there. */
  readonly tab: string;
  /** The calls that the tab takes for live. */
  readonly known?: readonly CallRef[];
  /** Of a hub that the tab has lost. */
  readonly memory?: Memory;
  /** Of the last signal that the tab has received. */
  readonly receipt?: string;
}

export interface DoorOptions {
  /** `refresh` gives another token than the one that was refused: see `HubTokens.renew`. */
  readonly createEngine: (
    login: Login,
    memory: Memory | undefined,
    refresh: () => Promise<string>,
    known: readonly CallRef[],
  ) => Engine;
  /** Rejects where the token is not that user's and device's, or not known at all. */
  readonly identify: (login: Login) => Promise<unknown>;
  readonly gone: (tab: string) => Observable<unknown>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Lets tabs in: the first one makes the hub, and so does the first after the last. All must have the same login; a tab
 * that brings another token than those known waits until it has been verified: see hub-tokens.ts. Throws
 * `invalid_option` for another login.
 */
export function createDoor({ createEngine, identify, gone, clock, random }: DoorOptions) {
  let hub: Hub | undefined;
  let present: Login;
  let tokens: HubTokens;

  const open = (login: Login, memory: Memory | undefined): Hub => {
    present = login;
    const ours = new HubTokens(login.accessToken, clock, random);
    tokens = ours;
    return createHub({
      id: opaqueId(random),
      createEngine: (engineMemory, known) => createEngine(login, engineMemory, () => ours.renew(), known),
      gone,
      clock,
      ...(memory && { memory }),
    });
  };

  return ({ tab, memory, known, receipt, ...login }: TabStart): TabHalf => {
    if (!hub || hub.over) {
      hub = open(login, memory);
      return hub.join(tab, { receipt, known });
    }
    if (!isSame(login, present)) throw another(`here it is that of ${present.userId}, ${present.deviceId}`);
    const verified = tokens.bring(login.accessToken, () => identify(login), gone(tab));
    const admission = verified?.catch((thrown) => {
      throw explained(toTrunklineError(thrown));
    });
    return hub.join(tab, { admission, receipt, memory, known });
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
