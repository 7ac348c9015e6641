import { timer } from "rxjs";
import type { Device, Observed } from "./device.ts";
import type { World } from "./world.ts";

export const LONGEST_FAULT_MS = 120_000;

interface Action {
  /** How often it is done, compared with others. */
  readonly weight: number;
  /** Does it, and says what was done; nothing where it does not fit. */
  run(world: World, device: Device): string | undefined;
}

const ringing = ({ call, states }: Observed) =>
  call.direction === "incoming" && states.at(-1)?.state === "ringing";

/** A call on the device that fits. */
const some = ({ chance }: World, device: Device, fits: (seen: Observed) => boolean) =>
  chance.pick(device.calls.filter(fits));

const settle = (promise: unknown) => void Promise.resolve(promise).catch(() => {});

/** Has something go wrong for a while, now and then for longer than an invite is good for. */
function forAWhile(world: World, begin: () => void, end: () => void): number {
  const { chance } = world;
  const ms = chance.happens(0.1) ? chance.within(30_000, LONGEST_FAULT_MS) : chance.within(500, 25_000);
  begin();
  timer(ms, world.clock).subscribe(end);
  return ms;
}

const place = (world: World, device: Device, times: number): string | undefined => {
  const room = world.chance.pick(world.roomsOf(device.userId));
  if (!room) return undefined;
  const { roomId, peer } = room;
  const named = world.chance.happens(0.7);
  for (let count = 0; count < times; count++)
    device.phone.place({
      roomId,
      audio: true,
      video: world.chance.happens(0.3),
      ...(named && { invitee: peer }),
    });
  return `calls ${peer}${times > 1 ? " with a double click" : ""}`;
};

export const ACTIONS: readonly Action[] = [
  { weight: 10, run: (world, device) => place(world, device, 1) },
  { weight: 1, run: (world, device) => place(world, device, 2) },
  {
    weight: 20,
    run(world, device) {
      const seen = some(world, device, ringing);
      if (!seen) return undefined;
      settle(seen.call.answer({ audio: true }));
      return `answers ${seen.call.callId}`;
    },
  },
  {
    weight: 4,
    run(world, device) {
      const seen = some(world, device, ringing);
      if (!seen) return undefined;
      seen.hungUpAt = world.clock.now();
      seen.call.reject();
      return `rejects ${seen.call.callId}`;
    },
  },
  {
    weight: 10,
    run(world, device) {
      const seen = some(world, device, (each) => !ringing(each));
      if (!seen) return undefined;
      seen.hungUpAt = world.clock.now();
      seen.call.hangup();
      return `hangs up ${seen.call.callId}`;
    },
  },
  {
    weight: 8,
    run(world, device) {
      const seen = some(world, device, (each) => !ringing(each));
      if (!seen) return undefined;
      for (let presses = world.chance.within(1, 8); presses > 0; presses--)
        seen.call.mute({ audio: world.chance.happens(0.5) });
      return `presses mute in ${seen.call.callId}`;
    },
  },
  {
    weight: 5,
    run(world, device) {
      const seen = some(world, device, (each) => !ringing(each));
      if (!seen) return undefined;
      const hold = world.chance.happens(0.5);
      if (hold) seen.call.hold();
      else seen.call.resume();
      return `${hold ? "holds" : "resumes"} ${seen.call.callId}`;
    },
  },
  {
    weight: 4,
    run(world, device) {
      const ms = forAWhile(
        world,
        () => device.setOnline(false),
        () => device.setOnline(true),
      );
      return `is offline for ${ms} ms`;
    },
  },
  {
    weight: 4,
    run(world, device) {
      const { conditions } = device;
      const broken = world.chance.happens(0.5) ? { refused: 0.5, lost: 0 } : { refused: 0, lost: 0.7 };
      const ms = forAWhile(
        world,
        () => Object.assign(conditions, broken),
        () => Object.assign(conditions, { refused: 0, lost: 0 }),
      );
      return `loses ${broken.lost > 0 ? "responses" : "requests"} for ${ms} ms`;
    },
  },
  {
    weight: 4,
    run(_world, device) {
      device.crashEngine();
      return "loses its engine";
    },
  },
  {
    weight: 1,
    run(_world, device) {
      device.crashPage();
      return "crashes, and is opened again";
    },
  },
  {
    weight: 1,
    run(_world, device) {
      settle(device.closePage());
      return "is closed, and opened again";
    },
  },
];

/** Lets one device do something, or have something done to it. */
export function act(world: World): void {
  const device = world.chance.pick(world.devices);
  if (!device) return;
  const total = ACTIONS.reduce((sum, { weight }) => sum + weight, 0);
  let drawn = world.chance.random() * total;
  const action = ACTIONS.find(({ weight }) => {
    drawn -= weight;
    return drawn < 0;
  });
  const done = action?.run(world, device);
  if (done) world.note(`${device.name} ${done}`);
}
