/** What is asked of the pages whose start-up is watched. */
import type { Watched } from "./probe.ts";

export interface Login {
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  /** The path and query of a first sync, for a page that does no more than that. */
  readonly firstSync?: string;
}

export interface Fetching {
  readonly url: string;
  readonly accessToken: string;
}

export interface StartPage {
  /** Starts a phone, and watches the main thread until it is ready. */
  startUp(login: Login): Promise<Watched>;
}

declare global {
  var startPage: StartPage;
}
