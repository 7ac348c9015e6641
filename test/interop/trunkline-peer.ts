/** Our phone, in the words of peer.ts. */
import { filter, firstValueFrom } from "rxjs";
import { type Call, createPhone, type Phone, type SignalingHalf, type TraceEntry } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import { secureRandom } from "../../src/streams/ids.ts";
import type { PagePeer, StartOptions } from "./peer.ts";
import { holdDevices, leftOpen, pictures, receiving } from "./watch.ts";

const calls = new Set<Call<MediaStream>>();
const story: string[] = [];
let phone: Phone<MediaStream>;
/** How the next id begins: as many of the least or of the greatest letter. */
let prefix: number[] = [];

function keep(call: Call<MediaStream>): void {
  calls.add(call);
  call.ended.then(({ by, reason, error }) =>
    story.push(`${call.callId} ended by ${by}: ${reason} ${error?.message ?? ""}`),
  );
}

/** A call changes its id where it loses to glare. */
function callOf(id: string): Call<MediaStream> {
  const call = [...calls].find(({ callId }) => callId === id);
  if (!call) throw new Error(`there is no call ${id}`);
  return call;
}

const describe = (entry: TraceEntry): string =>
  entry.kind === "milestone" ? entry.name : `${entry.direction} ${entry.eventType} ${entry.note ?? ""}`;

/** `connect` makes its signalling half. */
export const trunklinePeer = (
  connect: (options: StartOptions) => SignalingHalf | Promise<SignalingHalf>,
): PagePeer => ({
  async start(options) {
    phone = createPhone({
      signaling: await connect(options),
      media: browserMedia(),
      random: () => prefix.pop() ?? secureRandom(),
    });
    phone.incoming$.subscribe(keep);
    phone.trace$.subscribe(({ callId, entry }) => {
      story.push(`${Math.round(entry.at - performance.timeOrigin)} ${callId} ${describe(entry)}`);
    });
    const { state, error } = await firstValueFrom(
      phone.status$.pipe(filter((status) => status.state === "online" || status.state === "stopped")),
    );
    if (state === "stopped") throw new Error(error?.message);
  },

  place({ roomId, invitee, video, lifetime, rank }) {
    if (rank) prefix = Array(4).fill(rank === "lesser" ? 0 : 1 - Number.EPSILON);
    const call = phone.place({ roomId, invitee, audio: true, video, ...(lifetime && { lifetime }) });
    keep(call);
    return call.callId;
  },
  async rings(id) {
    await firstValueFrom(phone.incoming$.pipe(filter(({ callId }) => callId === id)));
  },
  answer: (id, { video }) => callOf(id).answer({ audio: true, video }),
  reject: (id) => callOf(id).reject(),
  hangup: (id) => callOf(id).hangup(),
  connects: (id) =>
    firstValueFrom(callOf(id).state$.pipe(filter((state) => state === "connected" || state === "ended"))),
  async ends(id) {
    const { by, reason } = await callOf(id).ended;
    return { by, reason };
  },
  mute: (id, muted) => callOf(id).mute(muted),
  hold: (id, on) => (on ? callOf(id).hold() : callOf(id).resume()),
  isHeld: async (id) => (await firstValueFrom(callOf(id).held$)).peer,
  addVideo: (id) => callOf(id).change({ video: true }),
  shareScreen: (id, on) => (on ? callOf(id).shareScreen() : callOf(id).stopSharing()),
  async sees(id) {
    const streams = await firstValueFrom(callOf(id).remoteStreams$, { defaultValue: [] });
    return streams.map(({ purpose, audioMuted, videoMuted }) => ({ purpose, audioMuted, videoMuted }));
  },
  live: async () => (await firstValueFrom(phone.calls$)).map(({ callId }) => callId),
  receiving,
  pictures,
  holdDevices,
  leftOpen,
  log: () => story.splice(0),
});
