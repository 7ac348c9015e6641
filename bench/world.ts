/** Where calls are measured: a browser, a homeserver, and a relay where one is asked for. */
import { startCoturn } from "../scripts/coturn.ts";
import { registerUser, startSynapse } from "../scripts/synapse.ts";
import { createHomeserver } from "../src/testing/homeserver/index.ts";
import { turnConfig } from "../test/synapse/turn.ts";
import type { Credentials } from "./options.ts";
import { openStage, type Stage } from "./stage.ts";

export interface Account extends Credentials {
  readonly deviceId: string;
}

export interface World {
  readonly stage: Stage;
  /** The homeserver's URL. */
  readonly url: string;
  /** Whether there are only two accounts: then one pair of phones is online at a time. */
  readonly shared: boolean;
  /** Two accounts: new ones, where that can be. */
  accounts(): Promise<readonly [Account, Account]>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly homeserver: string;
  readonly accounts: readonly Credentials[];
  /** Whether the homeserver is to name a TURN server; one given by URL does as it does. */
  readonly turn: boolean;
}

/** Opens all of it, or none. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { stage, url } = await open(options, closers);
    const given = await Promise.all(options.accounts.map((account) => withDevice(url, account)));
    const [one, other] = given;
    return {
      stage,
      url,
      shared: given.length > 0,
      accounts: async () =>
        one && other ? [one, other] : [await registerUser(url, "alice"), await registerUser(url, "bob")],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { homeserver, turn }: WorldOptions,
  closers: (() => unknown)[],
): Promise<{ readonly stage: Stage; readonly url: string }> {
  const opened = async <T extends { close(): unknown }>(opening: T | Promise<T>): Promise<T> => {
    const part = await opening;
    closers.push(() => part.close());
    return part;
  };
  const own = homeserver === "embedded" || (homeserver === "synapse" && !process.env.SYNAPSE_URL);
  const coturn = turn && own ? await opened(startCoturn()) : undefined;
  if (homeserver === "embedded") {
    const embedded = await opened(createHomeserver(coturn && { turn: turnConfig(coturn) }));
    const stage = await opened(openStage((request) => embedded.fetch(request)));
    return { stage, url: stage.url };
  }
  const url =
    homeserver === "synapse" ? (await opened(startSynapse(coturn && { turn: coturn }))).url : homeserver;
  await answers(url);
  return { stage: await opened(openStage()), url };
}

async function answers(url: string): Promise<void> {
  const response = await fetch(`${url}/_matrix/client/versions`).catch(() => undefined);
  if (!response?.ok) throw new Error(`no homeserver answers at ${url}: is the URL right, and is it up?`);
}

/** Throws where the token is not the user's. */
async function withDevice(url: string, { userId, accessToken }: Credentials): Promise<Account> {
  const response = await fetch(`${url}/_matrix/client/v3/account/whoami`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  if (!response.ok) throw new Error(`${url} does not know the token of ${userId} (${response.status})`);
  const who = (await response.json()) as { readonly user_id: string; readonly device_id?: string };
  if (who.user_id !== userId) throw new Error(`the token given for ${userId} is ${who.user_id}'s`);
  return { userId, accessToken, deviceId: who.device_id ?? "" };
}
