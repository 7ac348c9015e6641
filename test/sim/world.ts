import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { RoomEvent } from "../../src/streams/contract.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { Chance } from "./chance.ts";
import { Device } from "./device.ts";
import { type Attempt, EventBudget } from "./network.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** How many things users do, and how many go wrong, in one run. */
  readonly actions?: number;
}

/** Two rooms: Alice has two devices; she is in one with Bob, and in one with Carol. */
const ROOMS = [
  { roomId: "!ab:sim", members: ["@alice:sim", "@bob:sim"] },
  { roomId: "!ac:sim", members: ["@alice:sim", "@carol:sim"] },
] as const;
const DEVICES = [
  { name: "alice1", userId: "@alice:sim" },
  { name: "alice2", userId: "@alice:sim" },
  { name: "bob", userId: "@bob:sim" },
  { name: "carol", userId: "@carol:sim" },
] as const;

const LATENCY_MS = 20;

/** Devices, rooms, and a record of all that went through them. */
export class World {
  readonly clock = virtualClock();
  readonly chance: Chance;
  readonly devices: readonly Device[];
  readonly attempts: Attempt[] = [];
  readonly script: string[] = [];
  readonly #events = new Map<string, RoomEvent>();

  constructor(seed: number) {
    this.chance = new Chance(seed);
    const rooms = createMemoryRooms({ clock: this.clock, latency: LATENCY_MS });
    for (const { roomId, members } of ROOMS) for (const userId of members) rooms.join(roomId, userId);
    const limited = this.chance.happens(0.5);
    const budgets = new Map(DEVICES.map(({ userId }) => [userId, new EventBudget(this.clock)]));
    this.devices = DEVICES.map(
      (device) =>
        new Device({
          ...device,
          rooms,
          clock: this.clock,
          chance: this.chance,
          budget: limited ? budgets.get(device.userId) : undefined,
          onAttempt: (attempt) => this.attempts.push(attempt),
          onEvent: (event) => {
            if (event.stateKey === undefined) this.#events.set(event.eventId, event);
          },
        }),
    );
  }

  /** What the rooms hold, in the order in which it was stored. */
  get events(): readonly RoomEvent[] {
    return [...this.#events.values()].sort((a, b) => Number(a.eventId.slice(1)) - Number(b.eventId.slice(1)));
  }

  note(what: string): void {
    this.script.push(`${this.clock.now()} ${what}`);
  }

  /** The rooms that a user is in, and who else is. */
  roomsOf(userId: string): { readonly roomId: string; readonly peer: string }[] {
    return ROOMS.flatMap(({ roomId, members }) => {
      const [peer] = members.filter((member) => member !== userId);
      return members.some((member) => member === userId) && peer ? [{ roomId, peer }] : [];
    });
  }
}
