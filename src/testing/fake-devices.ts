import type { Purpose, ScreenOptions } from "../streams/contract.ts";
import { type ErrorCode, TrunklineError } from "../streams/errors.ts";
import { FakeBuffer } from "./fake-buffer.ts";
import type { FakeTrack } from "./fake-media.ts";
import type { FakeOwnStreams, Kind } from "./fake-streams.ts";

/** What a test does to the devices of all sessions. */
export interface FakeDeviceOptions {
  readonly refusal: (kind: Kind) => ErrorCode | undefined;
  /** Whether the system mutes a kind. */
  readonly isSilent: (kind: Kind) => boolean;
  /** Whether no camera can be opened while these are the ones of a session. */
  readonly isCameraBusy: (own: FakeTrack | undefined) => boolean;
  /** Resolves when the user has answered the prompt; absent where there is none. */
  readonly prompt: () => Promise<void> | undefined;
  readonly onOpened: (purpose: Purpose, tracks: readonly FakeTrack[]) => void;
}

/** A fake session's microphone, camera and screen. */
export class FakeDevices {
  readonly #own: FakeOwnStreams;
  readonly #options: FakeDeviceOptions;
  readonly #onChange: () => void;
  readonly #warnings = new FakeBuffer<TrunklineError>();
  readonly warnings$ = this.#warnings.stream$;
  /** What cancels each sharing that has not begun yet. */
  readonly #cancels = new Set<() => void>();

  constructor(own: FakeOwnStreams, options: FakeDeviceOptions, onChange: () => void) {
    this.#own = own;
    this.#options = options;
    this.#onChange = onChange;
  }

  /**
   * Opens the devices of a call: it goes on without a camera, but not without a microphone that was asked for and is
   * `essential`.
   */
  async openFirst(kinds: readonly Kind[], isWanted: () => boolean, essential = true): Promise<void> {
    const answer = this.#options.prompt();
    if (answer) await answer;
    const failures = kinds.flatMap((kind) => this.#refusal(kind) ?? []);
    const [failure] = failures;
    const mayMiss = kinds.length > failures.length && !(essential && failure?.kind === "audio");
    if (failure && !mayMiss) throw failure;
    const missing = failures.map(({ kind }) => kind as Kind);
    this.#open(
      "m.usermedia",
      kinds.filter((kind) => !missing.includes(kind)),
      isWanted,
    );
    if (missing.length > 0) this.#own.keep(missing);
    for (const warning of failures) this.warn(warning);
  }

  /** Opens all of these, or none. */
  async open(
    purpose: Purpose,
    kinds: readonly Kind[],
    { signal }: Pick<ScreenOptions, "signal">,
    isWanted: () => boolean,
  ): Promise<void> {
    if (signal?.aborted) throw abortedError();
    if (kinds.length === 0) return;
    const answer = this.#options.prompt();
    if (answer) await unlessAborted(answer, signal);
    for (const kind of kinds) {
      const refusal = this.#refusal(kind);
      if (refusal) throw refusal;
    }
    this.#open(purpose, kinds, isWanted);
  }

  /** Runs what shares a screen, unless `stop` comes first. */
  async share(work: (isWanted: () => boolean) => Promise<void>): Promise<void> {
    let isWanted = true;
    let cancel = () => {};
    const cancelled = new Promise<never>((_, reject) => {
      cancel = () => {
        isWanted = false;
        reject(abortedError());
      };
    });
    this.#cancels.add(cancel);
    try {
      await Promise.race([work(() => isWanted), cancelled]);
    } finally {
      this.#cancels.delete(cancel);
    }
  }

  stop(purpose: Purpose, kinds: readonly Kind[]): void {
    if (purpose === "m.screenshare") for (const cancel of this.#cancels) cancel();
    this.#own.stop(purpose, kinds);
    this.#own.show();
    this.#onChange();
  }

  /** The devices of this kind are gone. */
  lose(kind: Kind): void {
    if (this.#own.track("m.usermedia", kind)?.readyState !== "live") return;
    this.#own.lose(kind);
    this.warn(new TrunklineError("media_missing", `The fake ${kind} device was unplugged.`, { kind }));
  }

  /** They are back. */
  recover(kind: Kind): void {
    if (this.#own.track("m.usermedia", kind)?.readyState === "ended") {
      this.#open("m.usermedia", [kind], () => true);
    }
  }

  warn(warning: TrunklineError): void {
    this.#warnings.next(warning);
  }

  close(): void {
    this.#warnings.complete();
  }

  #open(purpose: Purpose, kinds: readonly Kind[], isWanted: () => boolean): void {
    if (!isWanted()) throw new TrunklineError("closed", "The fake devices opened too late.");
    if (kinds.length === 0) return;
    this.#options.onOpened(purpose, this.#own.open(purpose, kinds));
    this.#own.show();
    this.#onChange();
  }

  #refusal(kind: Kind): TrunklineError | undefined {
    const isBusy = kind === "video" && this.#options.isCameraBusy(this.#own.track("m.usermedia", "video"));
    const code = this.#options.refusal(kind) ?? (isBusy ? "media_busy" : undefined);
    return code && new TrunklineError(code, `The fake ${kind} device refuses.`, { kind });
  }
}

/** As the promise, but rejects with `aborted` where the signal comes first. */
async function unlessAborted(promise: Promise<void>, signal: ScreenOptions["signal"]): Promise<void> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortedError());
  });
  signal?.addEventListener("abort", abort);
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function abortedError(): TrunklineError {
  return new TrunklineError("aborted", "Aborted: nothing has changed.");
}
