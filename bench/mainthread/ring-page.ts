/** A page whose phone is rung, by a friend who lives in a worker of the page: on its clock, and off its main thread. */
import { keepBusy } from "../browser/keep-busy.ts";
import type { Friend, Saying } from "./friend-worker.ts";
import type { Login } from "./start-page.ts";

/** When a call rang, in ms. What only some sides can tell is absent. */
export interface Heard {
  /** The invite was in the worker. */
  readonly inWorker?: number;
  /** The engine had decided that it rings. */
  readonly ringing?: number;
  /** The news of it was on the main thread. */
  readonly onPage?: number;
  /** The app was told. */
  readonly byApp: number;
}

export interface Ring extends Heard {
  /** The friend's invite left. */
  readonly sent: number;
}

/** What is rung. */
export interface RingingPhone {
  start(login: Login): Promise<void>;
  /** Resolves when the next call rings. */
  rings(): Promise<Heard & { readonly ended: Promise<unknown> }>;
}

export interface RingPage {
  start(login: Login, friend: Friend): Promise<void>;
  /** Rings once, on a main thread that is kept busy or not. */
  ring(busy: boolean): Promise<Ring>;
}

declare global {
  var ringPage: RingPage;
}

const LIFETIME = 60_000;

export function openRingPage(phone: RingingPhone): RingPage {
  const worker = new Worker("/friend.js", { type: "module" });
  let invite: object;

  /** Resolves with the moment at which the event left. */
  const say = (saying: Saying | Friend) =>
    new Promise<number>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
      worker.postMessage(saying);
    });

  return {
    async start(login, friend) {
      invite = { ...(await offer()), lifetime: LIFETIME, invitee: login.userId };
      await say(friend);
      await phone.start(login);
    },

    async ring(busy) {
      const rest = busy ? keepBusy() : () => {};
      try {
        const about = { call_id: crypto.randomUUID(), version: "1", party_id: "FRIEND" };
        const rings = phone.rings();
        const sent = await say({ type: "m.call.invite", content: { ...about, ...invite } });
        const { ended, ...heard } = await rings;
        await say({ type: "m.call.hangup", content: { ...about, reason: "user_hangup" } });
        await ended;
        return { ...heard, sent };
      } finally {
        rest();
      }
    },
  };
}

/** A real one: a peer connection is to take it. */
async function offer(): Promise<object> {
  const connection = new RTCPeerConnection();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  const { type, sdp } = await connection.createOffer();
  connection.close();
  for (const track of stream.getTracks()) track.stop();
  const metadata = { [stream.id]: { purpose: "m.usermedia", audio_muted: false, video_muted: true } };
  return {
    offer: { type, sdp },
    sdp_stream_metadata: metadata,
    "org.matrix.msc3077.sdp_stream_metadata": metadata,
  };
}
