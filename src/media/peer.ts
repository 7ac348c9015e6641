import { filter, fromEvent, map, mergeMap, type Observable, Subject, takeUntil } from "rxjs";
import type { Candidate, Description, IceServer, PathState } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { unbundledIn } from "../streams/sdp.ts";
import { credentialsOf, Gathering, lastTypeOf } from "./gathering.ts";
import { iceServersOf, setServers } from "./platform.ts";
import { quietly } from "./quietly.ts";
import type { RemoteCandidates } from "./remote-candidates.ts";

/** ICE and DTLS together; nothing while the connection is closed, for then there is no path to tell of. */
export function pathOf(state: RTCPeerConnectionState): PathState | undefined {
  return state === "closed" ? undefined : state;
}

/** One RTCPeerConnection: descriptions, candidates out and in, and the path. Observables are hot. */
export class Peer {
  readonly pc: RTCPeerConnection;
  readonly candidates$: Observable<Candidate>;
  readonly path$: Observable<PathState>;
  /** Emits once ICE has a pair, each time it has one. */
  readonly iceConnected$: Observable<unknown>;
  /** Emits when there is something to negotiate and nothing is being negotiated. */
  readonly needed$: Observable<unknown>;
  readonly tracks$: Observable<RTCTrackEvent>;
  /** Emits when the first packet of a remote track has come: it is muted until then. */
  readonly firstMedia$: Observable<unknown>;
  readonly #closed$ = new Subject<void>();
  readonly #gathering: Gathering;
  readonly #remoteCandidates: RemoteCandidates;
  readonly #warn: (warning: TrunklineError) => void;
  /** Those to gather by next, and those that the browser has. */
  #iceServers: readonly IceServer[];
  #inUse: readonly IceServer[];

  /** `warn` is given what fails without harm to the connection. */
  constructor(
    pc: RTCPeerConnection,
    iceServers: readonly IceServer[],
    remoteCandidates: RemoteCandidates,
    warn: (warning: TrunklineError) => void,
  ) {
    this.pc = pc;
    this.#warn = warn;
    this.#iceServers = iceServers;
    this.#inUse = iceServers;
    this.#remoteCandidates = remoteCandidates;
    const found$ = this.#on<RTCPeerConnectionIceEvent>("icecandidate").pipe(map((event) => event.candidate));
    this.#gathering = new Gathering(found$, this.#closed$);
    this.#checkServers(iceServers);
    this.candidates$ = this.#gathering.candidates$;
    this.needed$ = this.#on("negotiationneeded");
    this.tracks$ = this.#on<RTCTrackEvent>("track");
    this.firstMedia$ = this.tracks$.pipe(
      mergeMap(({ track }) => fromEvent(track, "unmute")),
      takeUntil(this.#closed$),
    );
    this.iceConnected$ = this.#on("iceconnectionstatechange").pipe(
      filter(() => pc.iceConnectionState === "connected" || pc.iceConnectionState === "completed"),
    );
    this.path$ = this.#on("connectionstatechange").pipe(
      map(() => pathOf(pc.connectionState)),
      filter((state) => state !== undefined),
    );
  }

  /** Takes the peer's description, in place of an offer of ours where there is one. Rejects with `media_failed`. */
  async setRemote({ type, sdp }: Description): Promise<void> {
    const present = this.pc.remoteDescription;
    // The answer to an ICE restart gathers anew.
    if (type === "offer" && present && credentialsOf(present.sdp) !== credentialsOf(sdp))
      this.#applyServers();
    const what = `The peer's ${type} cannot be used: `;
    const unbundled = this.pc.getConfiguration().bundlePolicy === "max-bundle" ? unbundledIn(sdp) : 0;
    try {
      // Firefox would go on with the first section alone.
      if (unbundled < 2) return await this.pc.setRemoteDescription({ type, sdp });
    } catch (cause) {
      if (unbundled < 1) throw toTrunklineError(cause, "media_failed", what);
    }
    const remedy = 'it has no BUNDLE, so pass browserMedia({ bundlePolicy: "balanced" }).';
    throw new TrunklineError("media_failed", what + remedy);
  }

  /** Takes the peer's candidates, those that came before, and all from now on. */
  useCandidates(): void {
    this.#remoteCandidates.useBy((candidate) => this.pc.addIceCandidate(candidate));
  }

  /** Makes and sets our description; resolves when it is worth sending. */
  async gather(type: Description["type"]): Promise<void> {
    if (!this.pc.localDescription) this.#applyServers();
    this.#gathering.begin();
    const made = await (type === "offer" ? this.pc.createOffer() : this.pc.createAnswer());
    const isProvisional = type === "answer" && (await this.#setProvisionally(made));
    if (!isProvisional) await this.pc.setLocalDescription(made);
    await this.#gathering.worthSending(made.sdp ?? "");
    if (isProvisional) await this.pc.setLocalDescription({ type, sdp: this.pc.localDescription?.sdp ?? "" });
  }

  /**
   * Sets the first answer of a connection that gathered ahead. Chromium throws away what it gathered where that is an
   * answer at once, and uses it where it is a provisional one first.
   */
  async #setProvisionally({ sdp = "" }: RTCLocalSessionDescriptionInit): Promise<boolean> {
    const isFirst = this.pc.currentRemoteDescription === null;
    if (!isFirst || !this.pc.getConfiguration().iceCandidatePoolSize) return false;
    try {
      await this.pc.setLocalDescription({ type: "pranswer", sdp });
      return true;
    } catch {
      return false; // not every browser knows them
    }
  }

  /**
   * Our description with all candidates found so far; the ones after it go out by `candidates$`, once they are
   * released.
   */
  takeDescription(type: Description["type"]): Description {
    return { type, sdp: this.#gathering.describe(this.pc.localDescription?.sdp ?? "") };
  }

  releaseCandidates(): void {
    this.#gathering.release();
  }

  /** The servers for the next gathering, whoever asks for it. */
  useServers(iceServers: readonly IceServer[]): void {
    this.#iceServers = iceServers;
  }

  /** Has the next offer ask for a new path, by the newest servers. */
  restart(): void {
    this.#applyServers();
    this.pc.restartIce();
  }

  close(): void {
    this.#closed$.next();
    quietly(() => this.pc.close());
    // Not every browser ends these with the connection.
    quietly(() => {
      for (const { track } of this.pc.getReceivers()) track.stop();
    });
  }

  /** Only when something gathers: to a browser other servers are a reason to make its next offer an ICE restart. */
  #applyServers(): void {
    const iceServers = this.#iceServers;
    if (iceServers === this.#inUse) return;
    if (setServers(this.pc, iceServers)) this.#inUse = iceServers;
    this.#checkServers(iceServers);
  }

  /** Reports the servers that the connection was to have and has not: those that the browser refuses. */
  #checkServers(asked: readonly IceServer[]): void {
    const { iceServers, iceTransportPolicy } = this.pc.getConfiguration();
    const wanted = iceServersOf(asked).flatMap(({ urls }) => urls);
    const used = iceServers?.flatMap(({ urls }) => urls) ?? wanted;
    this.#gathering.lastType = lastTypeOf(used, iceTransportPolicy);
    const refused = wanted.filter((url) => !used.includes(url));
    if (refused.length > 0) {
      const message = `ICE servers left out, since they cannot be used: ${refused.join(", ")}`;
      this.#warn(new TrunklineError("media_failed", message));
    }
  }

  #on<TEvent>(name: string): Observable<TEvent> {
    return fromEvent<TEvent>(this.pc, name).pipe(takeUntil(this.#closed$));
  }
}
