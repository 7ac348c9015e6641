/** A phone in a page, Trunkline's or another's: what the scenarios ask of either, in the same words. */

export interface PlaceOptions {
  readonly roomId: string;
  readonly invitee: string;
  readonly video: boolean;
  /** How long it rings, in ms. matrix-js-sdk rings for 60 s, whatever is asked. */
  readonly lifetime?: number;
  /** Whether its id is to be the lesser or the greater of any two (P21). matrix-js-sdk's ids lie between. */
  readonly rank?: "lesser" | "greater";
}

export interface PeerEnd {
  readonly by: string;
  readonly reason: string;
}

/** A stream of the other side, as it is shown to the user. */
export interface SeenStream {
  readonly purpose: string;
  readonly audioMuted: boolean;
  readonly videoMuted: boolean;
}

/** How many streams of each kind bring in media at the moment. */
export interface Receiving {
  readonly audio: number;
  readonly video: number;
}

export interface StartOptions {
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

/** A call has the same id at both ends. */
export interface Peer {
  /** Resolves once it is online. */
  start(options: StartOptions): Promise<void>;
  /** Always with sound. Resolves with the call's id. */
  place(options: PlaceOptions): Promise<string>;
  /** Resolves when that call rings. */
  rings(id: string): Promise<void>;
  answer(id: string, media: { readonly video: boolean }): Promise<void>;
  reject(id: string): Promise<void>;
  hangup(id: string): Promise<void>;
  /** Resolves with `connected`, or with `ended` where it will never be. */
  connects(id: string): Promise<string>;
  ends(id: string): Promise<PeerEnd>;
  mute(id: string, muted: { readonly audio?: boolean; readonly video?: boolean }): Promise<void>;
  hold(id: string, on: boolean): Promise<void>;
  /** Whether the other side keeps the call on hold. */
  isHeld(id: string): Promise<boolean>;
  addVideo(id: string): Promise<void>;
  shareScreen(id: string, on: boolean): Promise<void>;
  sees(id: string): Promise<readonly SeenStream[]>;
  receiving(): Promise<Receiving>;
  /** The shape of each video that comes in, of the camera's `landscape` or of the screen's `portrait`. */
  pictures(): Promise<readonly string[]>;
  /** Keeps camera and microphone from opening, until told otherwise. */
  holdDevices(on: boolean): Promise<void>;
  /** Calls that go on, by id; a call that lost to glare is not among them. */
  live(): Promise<readonly string[]>;
  /** Tracks that run and connections that are open. */
  leftOpen(): Promise<{ readonly tracks: number; readonly connections: number }>;
  /** What happened since it was last asked, newest last: for a scenario that failed. */
  log(): Promise<readonly string[]>;
}

/** The same as the page has it. */
export type PagePeer = {
  readonly [F in keyof Peer]: (
    ...args: Parameters<Peer[F]>
  ) => Awaited<ReturnType<Peer[F]>> | ReturnType<Peer[F]>;
};

/** Calls a function of the page's peer by its name. */
type CallPage = (name: string, args: readonly unknown[]) => Promise<unknown>;

/** A page's peer, called from here. An error of the page loses its stack: it names no file of ours. */
export function remotePeer(callPage: CallPage): Peer {
  const ask = async (name: string, args: readonly unknown[]) => {
    try {
      return await callPage(name, args);
    } catch (error) {
      const [reason] = String((error as Error).message).split("\n    at ");
      throw new Error(`${name} failed in the page: ${reason}`);
    }
  };
  return new Proxy({} as Peer, {
    // A promise asks for `then` of whatever it resolves with.
    get: (_target, name) => (name === "then" ? undefined : (...args: unknown[]) => ask(String(name), args)),
  });
}

declare global {
  var peer: PagePeer;
}
