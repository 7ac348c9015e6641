/** Who calls whom: a pair of phones of each make, and the pages that find the floor. */
import type { Page } from "puppeteer-core";
import type { Pair as PairOf } from "../src/bench/call.ts";
import { directRoom } from "../test/e2e/rooms.ts";
import type { BenchPage, StartOptions } from "./pages/bench-page.ts";
import type { FloorPage } from "./pages/floor-page.ts";
import type { Account, World } from "./world.ts";

/** What a page offers under a global name, called from here. */
export type Remote<T> = {
  readonly [F in keyof T]: T[F] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export type Pair<T> = PairOf<Remote<T>>;

/** Trunkline as it is by default, and kept warm; and matrix-js-sdk. */
export type PhoneSide = "ours" | "warm" | "rival";

export const PHONE_SIDES: readonly PhoneSide[] = ["ours", "warm", "rival"];

export type CastOptions = Pick<StartOptions, "relay" | "slowGathering" | "policy">;

export interface Cast {
  /** Whether only one side can be online at a time. */
  readonly shared: boolean;
  /** The phones of one side, online. */
  phones(side: PhoneSide): Promise<Pair<BenchPage>>;
  floor(): Promise<Pair<FloorPage>>;
  close(): Promise<void>;
}

type Opened<T> = Pair<T> & { close(): Promise<void> };

export function createCast(world: World, options: CastOptions): Cast {
  const phones = new Map<PhoneSide, Opened<BenchPage>>();
  let floor: Opened<FloorPage> | undefined;

  return {
    shared: world.shared,
    async phones(side) {
      for (const [other, pair] of world.shared ? [...phones] : []) {
        if (other === side) continue;
        await pair.close();
        phones.delete(other);
      }
      const start = startPhone({ ...options, warm: side === "warm" });
      const present = phones.get(side) ?? (await openPair<BenchPage>(world, side, start));
      phones.set(side, present);
      return present;
    },
    async floor() {
      floor ??= await openPair<FloorPage>(world, "floor", startFloor);
      return floor;
    },
    async close() {
      for (const pair of [...phones.values(), floor]) await pair?.close();
    },
  };
}

type Start<T> = (
  page: Remote<T>,
  account: Account & { homeserver: string; roomId: string },
) => Promise<unknown>;

const startPhone =
  (options: CastOptions & Pick<StartOptions, "warm">): Start<BenchPage> =>
  (page, { userId, deviceId, accessToken, homeserver }) =>
    page.start({ userId, deviceId, accessToken, homeserver, ...options });

const startFloor: Start<FloorPage> = (page, account) => page.start(account);

async function openPair<T>(world: World, side: PhoneSide | "floor", start: Start<T>): Promise<Opened<T>> {
  const accounts = await world.accounts();
  const roomId = await directRoom(world.url, ...accounts);
  const tabs: Page[] = [];
  const open = async (account: Account) => {
    const tab = await world.stage.tab(side === "ours" || side === "warm" ? "trunkline" : side);
    tabs.push(tab);
    const page = remote<T>(tab, side === "floor" ? "floor" : "bench");
    await start(page, { ...account, homeserver: world.url, roomId });
    return page;
  };
  return {
    caller: await open(accounts[0]),
    callee: await open(accounts[1]),
    roomId,
    calleeId: accounts[1].userId,
    close: async () => {
      for (const tab of tabs) await tab.browserContext().close();
    },
  };
}

function remote<T>(tab: Page, global: "bench" | "floor"): Remote<T> {
  return new Proxy({} as Remote<T>, {
    // A promise asks for `then` of whatever it resolves with.
    get: (_target, name) =>
      name === "then"
        ? undefined
        : (...args: readonly unknown[]) => tab.evaluate(callPage, [global, String(name), args] as const),
  });
}

/** Runs in the page. */
function callPage([global, name, args]: readonly ["bench" | "floor", string, readonly unknown[]]): unknown {
  const page = globalThis[global] as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
  return page[name]?.(...args);
}
