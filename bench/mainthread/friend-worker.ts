/** The friend who calls. Says when each event left; what comes of it is none of its business. */
import { now } from "../browser/time.ts";

export interface Friend {
  readonly homeserver: string;
  readonly accessToken: string;
  readonly roomId: string;
}

/** An event for the room. */
export interface Saying {
  readonly type: string;
  readonly content: object;
}

/** Longer than a burst of the page's work and its rest, in ms: calls are to come at any moment of them. */
const ANY_MOMENT = 200;

let me: Friend;

async function say({ type, content }: Saying): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ANY_MOMENT));
  const path = `/rooms/${encodeURIComponent(me.roomId)}/send/${type}/${crypto.randomUUID()}`;
  const sent = now();
  const response = await fetch(`${me.homeserver}/_matrix/client/v3${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${me.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(content),
  });
  if (!response.ok) throw new Error(`${type} was answered with ${response.status}`);
  return sent;
}

addEventListener("message", async ({ data }: MessageEvent<Friend | Saying>) => {
  if ("type" in data) return postMessage(await say(data));
  me = data;
  postMessage(now());
});
