/** Trunkline's phone: the engine in its worker, the rest on the page. */
import { filter, firstValueFrom } from "rxjs";
import type { BenchCall } from "../../src/bench/call-end.ts";
import { type Call, createPhone, type Phone } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { benchPage, noteRequest } from "./phone-page.ts";
import type { Sending } from "./requests.ts";

let phone: Phone<MediaStream>;

/** The worker as it is shipped, with its requests watched. */
function watchedWorker(): Worker {
  const { origin } = location;
  const script = `import "${origin}/bench-worker.js"; import "${origin}/worker/entry.js";`;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
}

const some = (call: Call<MediaStream>): BenchCall => ({
  answer: (video) => call.answer({ audio: true, video }),
  hangup: () => call.hangup(),
  ended: call.ended,
});

new BroadcastChannel("requests").onmessage = ({ data }: MessageEvent<Sending>) => noteRequest(data);

globalThis.bench = benchPage({
  async start({ homeserver, accessToken, relay, warm, policy }, rings) {
    phone = createPhone({
      signaling: spawnSignaling({
        homeserver,
        accessToken,
        ...(policy !== undefined && { policy }),
        worker: watchedWorker,
      }),
      media: browserMedia({ iceTransportPolicy: relay ? "relay" : "all" }),
      warm,
    });
    phone.incoming$.subscribe((call) => rings(some(call)));
    const { state, error } = await firstValueFrom(
      phone.status$.pipe(filter((status) => status.state === "online" || status.state === "stopped")),
    );
    if (state === "stopped") throw new Error(error?.message);
  },
  place: ({ roomId, invitee, video }) => some(phone.place({ roomId, invitee, audio: true, video })),
});
