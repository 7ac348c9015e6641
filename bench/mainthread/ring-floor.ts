/** No phone: a worker that polls, and tells its page of each call event in a bare message. */
import { filter, firstValueFrom, map, Subject } from "rxjs";
import { now } from "../browser/time.ts";
import type { News } from "./listener-worker.ts";
import { openRingPage } from "./ring-page.ts";

const news$ = new Subject<News>();
const next = (type: string) => firstValueFrom(news$.pipe(filter((news) => news.type === type)));

globalThis.ringPage = openRingPage({
  async start(login) {
    const worker = new Worker("/listener.js", { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<News>) => news$.next(data);
    worker.postMessage(login);
    await next("ready");
  },
  rings: () =>
    firstValueFrom(
      news$.pipe(
        filter(({ type }) => type === "m.call.invite"),
        map(({ at }) => ({ inWorker: at, byApp: now(), ended: next("m.call.hangup") })),
      ),
    ),
});
