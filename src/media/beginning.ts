import { firstValueFrom, merge, type Observable, skip } from "rxjs";
import type { Capture, IceServer, RemoteDescription, SessionDescription } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { Attempt, gaveWayError } from "./attempt.ts";
import { KINDS, kindsOf, only } from "./capture.ts";
import type { Capturing } from "./capturing.ts";
import type { Connection } from "./connection.ts";
import type { Milestones } from "./milestones.ts";
import type { OwnStreams } from "./own-streams.ts";
import type { Opens } from "./permissions.ts";
import type { RemoteCandidates } from "./remote-candidates.ts";
import { staleness$ } from "./staleness.ts";

export interface BeginningParts {
  readonly iceServers$: Observable<readonly IceServer[]>;
  readonly own: OwnStreams;
  readonly capturing: Capturing;
  readonly remoteCandidates: RemoteCandidates;
  readonly milestones: Milestones;
  /** Makes the connection; for the peer's `offer`, where there is one. */
  readonly connect: (iceServers: readonly IceServer[], offer?: RemoteDescription) => Connection;
  /** A connection was given up: nothing of it may reach the call that goes on. */
  readonly onGivenUp: () => void;
  /** Devices that an offer promised have not opened. */
  readonly onRefused: (error: TrunklineError) => void;
}

/** How a session comes by its connection: by an offer, by an answer, or by an answer that was prepared as it rang. */
export class Beginning {
  readonly #parts: BeginningParts;
  #attempt: Attempt | undefined;
  #over: TrunklineError | undefined;
  /** Whether devices are known to open without a prompt. */
  #opens: Opens = () => false;

  constructor(parts: BeginningParts) {
    this.#parts = parts;
  }

  get begun(): boolean {
    return this.#attempt !== undefined && !this.prepared;
  }

  /** Whether an answer is being, or has been, made that the user has not accepted. */
  get prepared(): boolean {
    return this.#attempt?.prepared !== undefined;
  }

  get connection(): Connection | undefined {
    return this.#attempt?.connection;
  }

  get connecting(): Promise<Connection> | undefined {
    return this.#attempt?.connecting;
  }

  async offer(capture: Capture, waitForDevices: boolean): Promise<SessionDescription> {
    const { capturing, own } = this.#parts;
    if (this.#attempt) throw describedError();
    const attempt = this.#start("offer");
    const devices = this.#open(capture);
    if (waitForDevices) {
      return this.#describe(attempt, devices, (connection) => connection.offer(capturing.kinds, devices));
    }
    own.promise(capturing.kinds);
    const described = this.#describe(attempt, undefined, (connection) => connection.offer(capturing.kinds));
    this.#fillLater(attempt, devices, (error) => this.#parts.onRefused(error));
    return described;
  }

  /** As `MediaSession.prepare()`. */
  async prepare(offer: RemoteDescription): Promise<void> {
    if (this.#attempt) throw describedError();
    await this.#prepare(offer, this.#holdBack(offer));
  }

  unprepare(): void {
    if (!this.prepared || this.#over) return;
    this.#giveUp(unpreparedError());
    this.#parts.milestones.reach("unprepared");
  }

  async answer(offer: RemoteDescription, capture: Capture): Promise<SessionDescription> {
    const offered = only(
      capture,
      KINDS.filter((kind) => offer.description.sdp.includes(`m=${kind} `)),
    );
    if (this.#attempt?.prepared && kindsOf(offered).length > 0 && !this.#opens(offered))
      await this.#untilRefused(this.#open(offered));
    if (this.#attempt?.prepared) await this.#settle(this.#attempt, offer, offered);
    if (this.#attempt?.prepared) return this.#take(this.#attempt, offered);
    if (this.#attempt && !this.#attempt.mayGiveWay) throw describedError();
    const { capturing, milestones } = this.#parts;
    if (this.#attempt) milestones.clear();
    this.#giveUp(gaveWayError());
    const attempt = this.#start("answer", offer);
    const devices = this.#open(capture);
    try {
      return await this.#describe(attempt, devices, (connection) =>
        connection.answer(offer, capturing.kinds, devices),
      );
    } catch (thrown) {
      const error = toTrunklineError(thrown);
      if (!this.#over) {
        this.#giveUp(error);
        capturing.reset();
      }
      throw error;
    }
  }

  end(error: TrunklineError): void {
    this.#over = error;
    this.#attempt?.end(error);
  }

  #start(type: Attempt["type"], offer?: RemoteDescription): Attempt {
    if (this.#over) throw this.#over;
    const { iceServers$, connect } = this.#parts;
    this.#attempt = new Attempt(type, firstValueFrom(iceServers$, { defaultValue: [] }), (servers) =>
      connect(servers, offer),
    );
    return this.#attempt;
  }

  /** Opens the devices beside the ICE servers, the connection and the gathering: none waits for another in line. */
  #open(capture: Capture, essential = true): Promise<void> {
    const { capturing, milestones } = this.#parts;
    const devices = capturing.open(capture, essential);
    // A call that opens nothing does not tell of it.
    if (capturing.kinds.length > 0) devices.then(() => milestones.reach("media_opened")).catch(() => {});
    return devices;
  }

  /** Devices that are refused end it at once, though the servers may be long in coming. */
  async #describe(
    attempt: Attempt,
    devices: Promise<void> | undefined,
    describe: (connection: Connection) => Promise<SessionDescription>,
  ): Promise<SessionDescription> {
    return attempt.life.run(async () => {
      const [description] = await Promise.all([attempt.connecting.then(describe), devices]);
      this.#parts.milestones.reach("description_made");
      return description;
    });
  }

  /** What is refused before anything has left may be asked for again: the call rings on. */
  async #untilRefused(devices: Promise<void>): Promise<void> {
    try {
      await devices;
    } catch (thrown) {
      if (!this.#over) this.#parts.capturing.reset();
      throw thrown;
    }
    if (this.#over) throw this.#over;
  }

  /** Keeps up with which devices open; resolves once that is known. */
  async #lookUp({ renewing }: Attempt): Promise<void> {
    const { watchPermissions } = await import("./permissions.ts");
    await watchPermissions(this.#parts.capturing.options.devices(), renewing, (opens) => {
      this.#opens = opens;
    });
  }

  /** Keeps the candidates inside the offer; resolves with what is left. */
  async #holdBack(offer: RemoteDescription): Promise<RemoteDescription> {
    const { holdBack } = await import("./held-back.ts");
    const [description, candidates] = holdBack(offer.description);
    this.#parts.remoteCandidates.add(candidates);
    return { ...offer, description };
  }

  async #prepare(offer: RemoteDescription, heldBack: Promise<RemoteDescription>): Promise<void> {
    const attempt = this.#start("answer", offer);
    const done = attempt.life.run(async () => {
      const [connection, theirs] = await Promise.all([attempt.connecting, heldBack]);
      // Firefox gives up 5 s after the descriptions where it knows no candidate of the peer: it is made anew.
      const outdated$ = merge(connection.failed$, staleness$, this.#parts.iceServers$.pipe(skip(1)));
      const again = () => {
        this.#giveUp(unpreparedError());
        this.#prepare(offer, heldBack).catch(() => {}); // told by its milestone
      };
      attempt.renewing.add(outdated$.subscribe(again));
      await connection.prepare(theirs);
    });
    const known = this.#lookUp(attempt).catch(() => {}); // then the answer waits for the devices
    const prepared = { offer, done, ready: false };
    attempt.prepared = prepared;
    try {
      await done;
    } catch (thrown) {
      if (this.#attempt === attempt) this.unprepare();
      throw thrown;
    }
    prepared.ready = true;
    this.#parts.milestones.reach("prepared");
    await known;
  }

  /** Waits for what is being prepared, unless it is of no use. */
  async #settle({ prepared, renewing }: Attempt, offer: SessionDescription, capture: Capture): Promise<void> {
    renewing.unsubscribe();
    // Only metadata can say that a kind is there and muted (P25).
    const tells = offer.streams !== undefined || Object.values(capture).every(Boolean);
    if (tells && prepared?.offer.description.sdp === offer.description.sdp) {
      // The devices need not wait for it, nor the answer for them; but a refusal that comes before it leaves counts.
      const devices = prepared.ready ? undefined : this.#open(capture);
      await prepared.done.catch(() => {});
      try {
        if (devices) await this.#untilRefused(Promise.race([devices, undefined]));
      } catch (thrown) {
        // It is not renewed any more.
        this.unprepare();
        throw thrown;
      }
    } else this.unprepare();
  }

  /** Gives out what was prepared; the devices open beside. */
  #take(attempt: Attempt, capture: Capture): SessionDescription {
    const { own, milestones, capturing } = this.#parts;
    const connection = attempt.connection as Connection;
    attempt.prepared = undefined;
    const kinds = kindsOf(capture).filter((kind) => connection.sending.hasRoomFor(kind));
    own.promise(kinds);
    const answer = connection.takePrepared();
    milestones.reach("description_made");
    // The peer was promised these devices: it is informed that they are muted, and the call goes on (P25).
    this.#fillLater(attempt, this.#open(only(capture, kinds), false), (error) => {
      capturing.reset();
      own.miss();
      capturing.options.warn(error);
    });
    return answer;
  }

  /** Sends what the devices give once they have opened, by a connection whose description may be out by then. */
  #fillLater(attempt: Attempt, devices: Promise<void>, onFailed: (error: TrunklineError) => void): void {
    const { capturing } = this.#parts;
    const filled = async () => {
      const [connection] = await Promise.all([attempt.connecting, devices]);
      await connection.change(() => connection.fill());
      capturing.follow();
    };
    attempt.life.run(filled).catch((thrown: unknown) => {
      if (!attempt.life.ended) onFailed(toTrunklineError(thrown));
    });
  }

  #giveUp(error: TrunklineError): void {
    if (!this.#attempt) return;
    this.#attempt.end(error);
    this.#attempt = undefined;
    this.#parts.remoteCandidates.rewind();
    this.#parts.onGivenUp();
  }
}

function unpreparedError(): TrunklineError {
  return new TrunklineError("closed", "The prepared answer was discarded.");
}

function describedError(): TrunklineError {
  return new TrunklineError("wrong_state", "One description a session: open one for each call.");
}
