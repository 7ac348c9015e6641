import { DELAYED_HANGUP } from "../../src/signaling/event-types.ts";
import type { RoomEvent } from "../../src/streams/contract.ts";
import type { Observed } from "./device.ts";
import type { World } from "./world.ts";

/** A lifetime, and what a timer and a homeserver may add to it. */
const RINGS_AT_MOST_MS = 90_000 + 5_000;

const TERMINAL = new Set(["m.call.hangup", "m.call.reject"]);
/** A selection is what the others wait for; the next engine may repeat what the last one sent. */
const AFTER_THE_END = new Set(["m.call.hangup", "m.call.reject", "m.call.select_answer"]);

interface Content {
  readonly [DELAYED_HANGUP]?: unknown;
  readonly call_id: string;
  readonly party_id: string;
  readonly selected_party_id?: string;
}
const contentOf = (event: RoomEvent): Content => event.content as Content;
const isRinging = ({ direction, states, end }: Observed) =>
  direction === "incoming" && !end && states.at(-1)?.state === "ringing";

/** What must hold at every moment. */
export function atEveryMoment({ devices, clock }: World): string[] {
  return devices.flatMap((device) => {
    const { calls } = device;
    const sending = calls.filter((seen) => !isRinging(seen) && sendsMicrophone(seen));
    const ringsOn = calls.filter(
      (seen) => isRinging(seen) && clock.now() - (seen.states[0]?.at ?? 0) > RINGS_AT_MOST_MS,
    );
    return [
      ...(sending.length > 1
        ? [`${device.name} sends the microphone in ${sending.map(({ call }) => call.callId).join(" and ")}`]
        : []),
      ...ringsOn.map(({ call }) => `${device.name} rings past the lifetime of ${call.callId}`),
    ];
  });
}

function sendsMicrophone({ call }: Observed): boolean {
  let held = true;
  call.held$
    .subscribe(({ us }) => {
      held = us;
    })
    .unsubscribe();
  return !held;
}

/** What must hold when every fault is mended and all is quiet. */
export function whenQuiet(world: World): string[] {
  return [
    ...answeredButEnded(world),
    ...hangupsThatNeverCame(world),
    ...ringsForTheDead(world),
    ...sentAfterTheEnd(world),
    ...disagreements(world),
  ];
}

/** An answered call that ended for want of an acknowledgement, although the room proves that the event was stored. */
function answeredButEnded({ devices, events }: World): string[] {
  return devices
    .flatMap(({ observed }) => observed)
    .filter(({ end }) => end?.reason === "signalling_failed")
    .flatMap(({ device, direction, states }) => {
      const callId = states.at(-1)?.callId;
      const ofCall = events.filter((event) => contentOf(event).call_id === callId);
      const answered = states.some(({ state }) => state === "connecting" || state === "connected");
      const proven =
        direction === "outgoing"
          ? answered
          : answered && ofCall.some(({ type }) => type === "m.call.select_answer");
      return proven ? [`${device} ended ${callId}, which was answered, with signalling_failed`] : [];
    });
}

/** A hangup or reject that the user asked for, of a call that the room has an invite of, and nothing that ends it. */
function hangupsThatNeverCame({ devices, events }: World): string[] {
  return devices
    .flatMap(({ observed }) => observed)
    .filter(({ hungUpAt, pageGone }) => hungUpAt !== undefined && !pageGone)
    .flatMap(({ device, states }) => {
      const callId = states.at(-1)?.callId;
      const ofCall = events.filter((event) => contentOf(event).call_id === callId);
      const invited = ofCall.some(({ type }) => type === "m.call.invite");
      const over = ofCall.some(({ type }) => TERMINAL.has(type));
      return invited && !over ? [`${device} hung up ${callId}, and no hangup ever came`] : [];
    });
}

/** A phone that rings for a call whose caller is no longer in it. */
function ringsForTheDead({ devices }: World): string[] {
  const outgoing = devices.flatMap(({ calls }) => calls).filter(({ direction }) => direction === "outgoing");
  const alive = new Set(outgoing.map(({ call }) => call.callId));
  return devices
    .flatMap(({ calls }) => calls)
    .filter((seen) => isRinging(seen) && !alive.has(seen.call.callId))
    .map(({ device, call }) => `${device} rings for ${call.callId}, which nobody is in`);
}

/** Events of a party after its own hangup or reject was stored, and new ones after the phone knew of the end. */
function sentAfterTheEnd({ events, attempts, devices }: World): string[] {
  const over = new Set<string>();
  const late = events.flatMap((event) => {
    const { call_id, party_id, [DELAYED_HANGUP]: delayed } = contentOf(event);
    const end = `${call_id} ${party_id}`;
    const isLate = over.has(end) && !AFTER_THE_END.has(event.type);
    // The homeserver's own hangup ends no call that lives (P34).
    if (TERMINAL.has(event.type) && !delayed) over.add(end);
    return isLate ? [`${event.type} of ${call_id} came after the hangup of its own sender`] : [];
  });
  /** A call may ring again on a device whose page was closed and opened. */
  const ended = new Map<string, number>();
  for (const { device, states, end } of devices.flatMap(({ observed }) => observed)) {
    const key = `${device} ${states.at(-1)?.callId}`;
    ended.set(key, Math.max(ended.get(key) ?? 0, end?.at ?? Number.POSITIVE_INFINITY));
  }
  const pointless = attempts
    .filter(({ type }) => !AFTER_THE_END.has(type))
    .filter(({ device, callId, at }) => at > (ended.get(`${device} ${callId}`) ?? Number.POSITIVE_INFINITY))
    .map(({ device, type, callId }) => `${device} sent ${type} of ${callId}, which it knew to be over`);
  return [...late, ...pointless];
}

/** Who is in a call has somebody at the other end of it. */
function disagreements({ devices }: World): string[] {
  const connected = devices
    .flatMap(({ calls }) => calls)
    .filter(({ states }) => states.at(-1)?.state === "connected");
  return connected
    .filter(({ call }) => connected.filter((other) => other.call.callId === call.callId).length < 2)
    .map(({ device, call }) => `${device} is connected in ${call.callId}, alone`);
}
