import { NEVER, Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { type Calls, createCalls } from "../../src/signaling/calls.ts";
import type { CallRef, Command, RoomEvent, Signal } from "../../src/streams/contract.ts";
import { POLICIES } from "../../src/streams/policy.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { answer, offer, ref } from "./support.ts";

/** Everything that can settle without time passing has settled. */
const settle = async () => {
  for (let turn = 0; turn < 8; turn += 1) await null;
};

/**
 * Devices in one room, each with a user who wants to call the other one, takes what rings, and lets the phone answer
 * what takes the place of a call of their own.
 */
class Room {
  readonly clock = virtualClock();
  readonly timeline: RoomEvent[] = [];
  #seed = 0;

  connect(userId: string, callId: string, invitee: string): Device {
    return new Device(this, userId, callId, invitee, () => {
      this.#seed = (this.#seed * 16_807 + 7) % 2_147_483_647;
      return this.#seed / 2_147_483_647;
    });
  }
}

class Device {
  /** The calls that this device is in, those that ended for it, and how often its user was told of one. */
  readonly connected = new Set<string>();
  readonly ended = new Set<string>();
  rung = 0;
  readonly #room: Room;
  readonly #calls: Calls;
  readonly #mine: CallRef;
  readonly #invitee: string;
  #step: "idle" | "placed" | "invited" | "taken" = "idle";
  #read = 0;

  constructor(room: Room, userId: string, callId: string, invitee: string, random: () => number) {
    this.#room = room;
    this.#mine = { roomId: ref.roomId, callId };
    this.#invitee = invitee;
    this.#calls = createCalls({
      policy: POLICIES.balanced,
      us: { userId, deviceId: callId },
      async send(roomId, type, content) {
        room.timeline.push({ roomId, eventId: "$", sender: userId, type, content, age: 0, encrypted: false });
        return "$";
      },
      delayed: async () => undefined,
      clock: room.clock,
      random,
      emit: (signal) => this.#hear(signal),
      memory: new Subject(),
      reconnected$: NEVER,
    });
  }

  /** Places the call, then sends its invite, unless another one was taken meanwhile. */
  goOn(): void {
    if (this.#step === "idle") {
      this.#step = "placed";
      this.#say({ ...this.#mine, type: "place", invitee: this.#invitee });
    } else if (this.#step === "placed") {
      this.#step = "invited";
      this.#say({ ...this.#mine, type: "invite", ...offer });
    }
  }

  get hasPlaced(): boolean {
    return this.#step === "placed";
  }

  /** Reads what is new; returns whether anything was. */
  read(): boolean {
    const events = this.#room.timeline.slice(this.#read);
    this.#read = this.#room.timeline.length;
    this.#calls.read({ live: true, events });
    return events.length > 0;
  }

  #hear(signal: Signal): void {
    const { type, roomId, callId } = signal;
    if (type === "answered") this.connected.add(callId);
    if (type === "ended") {
      this.connected.delete(callId);
      this.ended.add(callId);
    }
    if (type !== "incoming") return;
    this.rung += 1;
    this.#step = "taken";
    this.connected.add(callId);
    queueMicrotask(() => this.#say({ roomId, callId, type: "answer", ...answer }));
  }

  #say(command: Command): void {
    this.#calls.dispatch(command).catch(() => {}); // the call may be gone by then
  }
}

/** Reads on until nobody has any news. */
async function readOut(devices: readonly Device[]): Promise<void> {
  let news = true;
  while (news) {
    news = false;
    for (const device of devices) {
      news = device.read() || news;
      await settle();
    }
  }
}

describe("glare in every order", () => {
  it("P21 two users who call each other end up in one call, without a second ring", async () => {
    const faults: unknown[] = [];
    for (let number = 0; number < 4 ** 5; number += 1) {
      const order = Array.from({ length: 5 }, (_, digit) => Math.floor(number / 4 ** digit) % 4);
      if ([0, 1].some((step) => order.filter((action) => action === step).length > 2)) continue; // has no more steps
      const room = new Room();
      const [alice, bob] = [
        room.connect("@alice:test", "a", "@bob:test"),
        room.connect("@bob:test", "b", "@alice:test"),
      ];
      const actions = [() => alice.goOn(), () => bob.goOn(), () => alice.read(), () => bob.read()];
      for (const action of order) {
        actions[action]?.();
        await settle();
      }
      for (const device of [alice, bob]) if (device.hasPlaced) device.goOn();
      await settle();
      await readOut([alice, bob]);
      const called = room.timeline.some(({ type }) => type === "m.call.invite");
      const [hers, his] = [[...alice.connected], [...bob.connected]];
      const together = hers.join() === his.join() && hers.length === 1;
      const rings = alice.rung + bob.rung;
      if (called && !(together && rings === 1 && alice.ended.size + bob.ended.size === 0)) {
        faults.push({ order, hers, his, rings });
      }
    }
    expect(faults).toEqual([]);
  }, 60_000);

  it("P21 P46 of two devices each, those that get through pair off, none rings twice, and all else ends", async () => {
    const faults: unknown[] = [];
    for (const ids of permutations(["1", "2", "3", "4"]))
      for (const order of permutations([0, 1, 2, 3])) {
        const room = new Room();
        const devices = ids.map((id, index) =>
          index < 2
            ? room.connect("@alice:test", id, "@bob:test")
            : room.connect("@bob:test", id, "@alice:test"),
        );
        for (const index of order) {
          devices[index]?.goOn();
          devices[index]?.goOn();
          await settle();
        }
        await readOut(devices);
        await room.clock.advance(100_000);
        await readOut(devices);
        const [hers, his] = [devices.slice(0, 2), devices.slice(2)].map((side) =>
          side.flatMap(({ connected }) => [...connected]).sort(),
        );
        const paired = hers?.length && hers.join() === his?.join() && new Set(hers).size === hers.length;
        const single = devices.every(({ connected, rung }) => connected.size <= 1 && rung <= 1);
        if (!paired || !single || room.clock.pending > 0) faults.push({ ids, order, hers, his, single });
      }
    expect(faults).toEqual([]);
  }, 60_000);
});

function permutations<T>(items: readonly T[]): T[][] {
  return items.length === 0
    ? [[]]
    : items.flatMap((item) =>
        permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
      );
}
