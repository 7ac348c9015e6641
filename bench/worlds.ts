import type { Options } from "./options.ts";
import { openWorld, type World } from "./world.ts";

export interface Worlds {
  open(wanted: { readonly turn: boolean }): Promise<World>;
  close(): Promise<void>;
}

/** Keeps the world that was asked for last, and one only: another that idles would take its share of the machine. */
export function worlds({ homeserver, accounts }: Options): Worlds {
  let present: { readonly turn: boolean; readonly world: World } | undefined;
  const close = async () => {
    await present?.world.close();
    present = undefined;
  };
  return {
    async open({ turn }) {
      if (present && present.turn !== turn) await close();
      present ??= { turn, world: await openWorld({ homeserver, accounts, turn }) };
      return present.world;
    },
    close,
  };
}
