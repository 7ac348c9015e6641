/** Several tabs of one user, and a peer, on the embedded homeserver, which counts the syncs that wait there. */
import type { BrowserContext, Page } from "playwright-core";
import { type Account, createHomeserver } from "../../../src/testing/homeserver/index.ts";
import { directRoom } from "../../e2e/rooms.ts";
import { openStage, type RemotePhone, remote } from "../../e2e/stage.ts";

export interface SharedTab {
  readonly page: Page;
  readonly phone: RemotePhone;
}

/** As in Chrome on Android. */
export async function withoutSharedWorker(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => void Reflect.deleteProperty(globalThis, "SharedWorker"));
}

type Instead = Partial<Account> & { readonly script?: string };

export interface Scene {
  readonly roomId: string;
  readonly us: Account;
  readonly peer: RemotePhone;
  readonly peerId: string;
  /** Opens a tab of ours, and starts its phone; `instead` takes the place of what is ours of the login. */
  tab(instead?: Instead): Promise<SharedTab>;
  /** A tab whose phone has gone with its page, as after a reload. */
  restart(page: Page): Promise<SharedTab>;
  /** How many syncs of ours the homeserver holds. */
  syncs(): number;
  close(): Promise<void>;
}

export async function openSharedStage(prepare: (context: BrowserContext) => Promise<void>) {
  const homeserver = createHomeserver();
  /** Syncs that wait, by token. */
  const waiting = new Map<string, number>();
  const count = (token: string, by: number) => waiting.set(token, (waiting.get(token) ?? 0) + by);

  const stage = await openStage(async (request) => {
    const isSync = new URL(request.url).pathname.endsWith("/sync");
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    if (isSync) count(token, 1);
    try {
      return await homeserver.fetch(request);
    } finally {
      if (isSync) count(token, -1);
    }
  });

  /** A user new to the homeserver, in a context of its own, and a peer in a room with them. */
  const scene = async (): Promise<Scene> => {
    const [us, them] = ["us", "peer"].map((name) =>
      homeserver.createUser(`${name}-${crypto.randomUUID()}`),
    ) as [Account, Account];
    const roomId = await directRoom(stage.url, us, them);
    const context = await stage.context();
    await prepare(context);
    const start = async (page: Page, instead: Instead = {}): Promise<SharedTab> => {
      const { accessToken, userId, deviceId, script } = {
        script: "/worker/shared-entry.js",
        ...us,
        ...instead,
      };
      const phone = remote(page);
      await phone.start({ homeserver: stage.url, accessToken, shared: { userId, deviceId, script } });
      return { page, phone };
    };
    return {
      roomId,
      us,
      peer: await stage.phone({ accessToken: them.accessToken }),
      peerId: them.userId,
      tab: async (instead) => start(await stage.tab("", context), instead),
      restart: (page) => start(page),
      syncs: () => waiting.get(us.accessToken) ?? 0,
      close: () => context.close(),
    };
  };

  return {
    scene,
    /** The token of somebody else. */
    stranger: () => homeserver.createUser(`stranger-${crypto.randomUUID()}`).accessToken,
    errors: stage.errors,
    async close() {
      await stage.close();
      homeserver.close();
    },
  };
}
