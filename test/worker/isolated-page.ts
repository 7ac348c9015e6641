/** What test/e2e/isolated.test.ts runs in a page that requires trusted types, and is cross-origin isolated. */
import { filter, firstValueFrom, map } from "rxjs";
import type { Identity, SignalingHalf } from "../../src/streams/contract.ts";
import { inlineWorker } from "../../src/worker/inline.ts";
import { sharedSignaling } from "../../src/worker/shared.ts";
import { type LoginOptions, type ScriptUrl, spawnSignaling } from "../../src/worker/spawn.ts";

export type Way = "spawn" | "shared" | "leader" | "inline" | "default";

export interface IsolatedPage {
  /** Starts a half this way, its script at this path; resolves with `online`, or with what ends it. */
  start(way: Way, path: string, login: LoginOptions & Identity): Promise<string>;
}

declare global {
  var isolatedPage: IsolatedPage;
  var trustedTypes: {
    createPolicy(
      name: string,
      rules: { createScriptURL(url: string): string },
    ): { createScriptURL(url: string): ScriptUrl };
  };
}

const policy = globalThis.trustedTypes.createPolicy("app", { createScriptURL: (url) => url });

function make(way: Way, path: string, login: LoginOptions & Identity): SignalingHalf {
  const script = policy.createScriptURL(path);
  const { homeserver, accessToken, userId, deviceId } = login;
  if (way === "spawn") return spawnSignaling({ homeserver, accessToken, worker: script });
  if (way === "inline") return spawnSignaling({ homeserver, accessToken, worker: inlineWorker });
  if (way === "default") return spawnSignaling({ homeserver, accessToken });
  if (way === "leader") Reflect.deleteProperty(globalThis, "SharedWorker");
  return sharedSignaling({ homeserver, accessToken, userId, deviceId, script });
}

globalThis.isolatedPage = {
  async start(way, path, login) {
    if (!crossOriginIsolated) throw new Error("This page is not cross-origin isolated");
    const half = make(way, path, login);
    half.signals$.subscribe({ error: () => {} });
    const outcome$ = half.status$.pipe(
      filter(({ state, error }) => state === "online" || error !== undefined),
      map(({ state, error }) => (error ? `${error.code}: ${error.message}` : state)),
    );
    const outcome = await firstValueFrom(outcome$);
    await half.close();
    return outcome;
  },
};
