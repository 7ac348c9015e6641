/** Polls a homeserver, and says what call events there are. */
import { now } from "../browser/time.ts";
import type { Login } from "./start-page.ts";

/** `ready`, or the type of an event; and when it was here. */
export interface News {
  readonly type: string;
  readonly at: number;
}

interface Answer {
  readonly next_batch: string;
  readonly rooms?: {
    readonly join?: Readonly<
      Record<string, { readonly timeline: { readonly events: readonly { type: string }[] } }>
    >;
  };
}

const tell = (type: string) => postMessage({ type, at: now() } satisfies News);

addEventListener("message", async ({ data: { homeserver, accessToken, firstSync } }: MessageEvent<Login>) => {
  const url = new URL(`${homeserver}${firstSync}`);
  const poll = async (): Promise<Answer> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
    const body: Answer = await answer.json();
    url.searchParams.set("since", body.next_batch);
    url.searchParams.set("timeout", "30000");
    return body;
  };
  await poll();
  tell("ready");
  for (;;) {
    const { rooms } = await poll();
    for (const { timeline } of Object.values(rooms?.join ?? {}))
      for (const { type } of timeline.events) tell(type);
  }
});
