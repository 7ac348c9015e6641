import type { Options } from "./options.ts";
import { openWorld, type World } from "./world.ts";

export interface Worlds {
  open(wanted: { readonly turn: boolean }): Promise<World>;
  /** What the homeserver calls itself, as far as one was asked for and says so. */
  software(): string | undefined;
  close(): Promise<void>;
}

/** Keeps the world that was asked for last, and one only: another that idles would take its share of the machine. */
export function worlds({ homeserver, accounts }: Options): Worlds {
  let present: { readonly turn: boolean; readonly world: World } | undefined;
  let software: string | undefined;
  const close = async () => {
    await present?.world.close();
    present = undefined;
  };
  return {
    async open({ turn }) {
      if (present && present.turn !== turn) await close();
      present ??= { turn, world: await openWorld({ homeserver, accounts, turn }) };
      const { headers } = await fetch(`${present.world.url}/_matrix/client/versions`);
      software = headers.get("server") ?? undefined;
      return present.world;
    },
    software: () => software,
    close,
  };
}
