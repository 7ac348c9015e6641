// What a phone loads when it is needed is there at once: nothing of a run depends on real time.
import "../../src/phone/again.ts";
import "../../src/phone/recovery.ts";
import "../../src/phone/transfer.ts";
import { Subject } from "rxjs";
import type { Call } from "../../src/phone/call.ts";
import { createPhone, type Phone } from "../../src/phone/phone.ts";
import type { MemoryRooms, MemoryTransport } from "../../src/signaling/transports/memory.ts";
import type { MediaSession, RoomEvent } from "../../src/streams/contract.ts";
import type { VirtualClock } from "../../src/testing/clock.ts";
import { type FakeMedia, type FakeStream, fakeMedia } from "../../src/testing/fake-media.ts";
import type { Chance } from "./chance.ts";
import { type Attempt, type Conditions, clockUntil, type EventBudget, unreliable } from "./network.ts";
import { SupervisedEngine } from "./supervised.ts";

/** What a device's phone made of a call. */
export interface Observed {
  readonly device: string;
  readonly direction: "outgoing" | "incoming";
  readonly states: { readonly state: string; readonly at: number; readonly callId: string }[];
  readonly call: Call<FakeStream>;
  /** When the user hung up or rejected. */
  hungUpAt?: number;
  end?: { readonly by: string; readonly reason: string; readonly at: number };
  /** The page was closed or crashed under it. */
  pageGone: boolean;
}

interface DeviceOptions {
  readonly name: string;
  readonly userId: string;
  readonly rooms: MemoryRooms;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly budget: EventBudget | undefined;
  readonly onAttempt: (attempt: Attempt) => void;
  readonly onEvent: (event: RoomEvent) => void;
}

/** A page with a phone, its engine, its line to the homeserver, and somebody in front of it. */
export class Device {
  readonly name: string;
  readonly userId: string;
  readonly observed: Observed[] = [];
  readonly conditions: Conditions = { refused: 0, lost: 0 };
  readonly #options: DeviceOptions;
  readonly #tried = new Set<string>();
  #page = new Subject<void>();
  #phone!: Phone<FakeStream>;
  #engine!: SupervisedEngine;
  #media!: FakeMedia;
  #lines: MemoryTransport[] = [];
  #sessions: MediaSession<FakeStream>[] = [];
  #online = true;
  #closing: Promise<void>[] = [];

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.name = options.name;
    this.userId = options.userId;
    this.#open();
  }

  get phone(): Phone<FakeStream> {
    return this.#phone;
  }

  get calls(): readonly Observed[] {
    return this.observed.filter(({ states, pageGone }) => states.at(-1)?.state !== "ended" && !pageGone);
  }

  setOnline(online: boolean): void {
    this.#online = online;
    for (const line of this.#lines) line.setOnline(online);
  }

  crashEngine(): void {
    this.#engine.crash();
  }

  /** The page vanishes without a word, and is opened again. */
  crashPage(): void {
    this.#leave();
    this.#page.next();
    this.#page.complete();
    this.#engine.die();
    for (const session of this.#sessions) session.close();
    this.#open();
  }

  /** The page closes its phone, and is opened again. */
  async closePage(): Promise<void> {
    this.#leave();
    await this.close();
    this.#open();
  }

  close(): Promise<void> {
    const closing = this.#phone.close();
    this.#closing.push(closing);
    return closing;
  }

  #leave(): void {
    for (const seen of this.calls) seen.pageGone = true;
  }

  #open(): void {
    const { rooms, clock, chance, budget, name, userId, onAttempt, onEvent } = this.#options;
    const page = new Subject<void>();
    this.#page = page;
    this.#sessions = [];
    const media = fakeMedia({ clock: clockUntil(clock, page) });
    this.#media = media;
    this.#engine = new SupervisedEngine({
      clock: clockUntil(clock, page),
      engineClock: (gone) => clockUntil(clock, gone),
      random: chance.random,
      connect: (since, gone) => {
        const line = rooms.connect({ userId, deviceId: name }, since === undefined ? {} : { since });
        line.setOnline(this.#online);
        this.#lines = [...this.#lines.slice(-3), line];
        return unreliable({
          line,
          device: name,
          clock,
          chance,
          budget,
          conditions: this.conditions,
          tried: this.#tried,
          gone,
          onAttempt,
          onEvent,
        });
      },
    });
    this.#phone = createPhone<FakeStream>({
      signaling: this.#engine,
      media: {
        open: (options) => {
          const session = this.#media.open(options);
          this.#sessions.push(session);
          return session;
        },
      },
      clock: clockUntil(clock, page),
      random: chance.random,
    });
    const known = new Set<Call<FakeStream>>();
    this.#phone.calls$.subscribe((calls) => {
      for (const call of calls) {
        if (known.has(call)) continue;
        known.add(call);
        this.#observe(call, page);
      }
    });
  }

  #observe(call: Call<FakeStream>, page: Subject<void>): void {
    const { clock, name } = this.#options;
    const seen: Observed = { device: name, direction: call.direction, states: [], call, pageGone: false };
    this.observed.push(seen);
    call.state$.subscribe((state) => {
      if (!page.isStopped) seen.states.push({ state, at: clock.now(), callId: call.callId });
    });
    call.ended.then(({ by, reason }) => {
      if (!page.isStopped) seen.end = { by, reason, at: clock.now() };
    });
  }
}
