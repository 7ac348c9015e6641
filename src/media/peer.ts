import { filter, fromEvent, map, mergeMap, type Observable, Subject, takeUntil } from "rxjs";
import type { Candidate, Description, PathState } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { type CandidateType, Gathering } from "./gathering.ts";
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
  /** Emits the stream of each remote track, as the peer's description names it. */
  readonly streams$: Observable<MediaStream>;
  /** Emits when the first packet of a remote track has come: it is muted until then. */
  readonly firstMedia$: Observable<unknown>;
  readonly #closed$ = new Subject<void>();
  readonly #gathering: Gathering;
  readonly #remoteCandidates: RemoteCandidates;

  constructor(pc: RTCPeerConnection, lastType: CandidateType, remoteCandidates: RemoteCandidates) {
    this.pc = pc;
    this.#remoteCandidates = remoteCandidates;
    const found$ = this.#on<RTCPeerConnectionIceEvent>("icecandidate").pipe(map((event) => event.candidate));
    this.#gathering = new Gathering(found$, lastType, this.#closed$);
    this.candidates$ = this.#gathering.candidates$;
    const tracks$ = this.#on<RTCTrackEvent>("track");
    this.streams$ = tracks$.pipe(mergeMap((event) => event.streams));
    this.firstMedia$ = tracks$.pipe(
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

  /** Takes the peer's description, then the candidates that came before it. Rejects with `media_failed`. */
  async setRemote({ type, sdp }: Description): Promise<void> {
    try {
      await this.pc.setRemoteDescription({ type, sdp });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TrunklineError("media_failed", `The peer's ${type} cannot be used: ${reason}`, { cause });
    }
    this.#remoteCandidates.useBy((candidate) => this.pc.addIceCandidate(candidate));
  }

  /** Makes and sets our description; resolves when it is worth sending. */
  async gather(type: Description["type"]): Promise<void> {
    const made = await (type === "offer" ? this.pc.createOffer() : this.pc.createAnswer());
    await this.pc.setLocalDescription(made);
    await this.#gathering.worthSending();
  }

  /** Our description with all candidates found so far; the ones after it go out by `candidates$`. */
  takeDescription(type: Description["type"]): Description {
    const sdp = this.pc.localDescription?.sdp ?? "";
    this.#gathering.describe(sdp);
    return { type, sdp };
  }

  close(): void {
    this.#closed$.next();
    this.pc.close();
    // Not every browser ends these with the connection.
    for (const { track } of this.pc.getReceivers()) track.stop();
  }

  #on<TEvent>(name: string): Observable<TEvent> {
    return fromEvent<TEvent>(this.pc, name).pipe(takeUntil(this.#closed$));
  }
}
