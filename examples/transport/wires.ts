/** Two ways to a relay, and the relay's end of each. */
import { defer, fromEvent, merge, NEVER, Observable, ReplaySubject, type Subscription } from "rxjs";
import { filter, finalize, map, mergeMap, share, switchMap } from "rxjs/operators";
import type { Answer, Request, Wire } from "./protocol.ts";

type Relay = (request: Request) => Promise<Answer>;

/** Between the tabs of one origin, one of which serves them all. Each request has a channel while it waits. */
export function tabWire(name: string): Wire {
  return (request) =>
    new Observable((subscriber) => {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => {
        if (data.id === request.id) subscriber.next(data);
      };
      channel.postMessage(request);
      return () => channel.close();
    });
}

/** Until it is unsubscribed. */
export function serveTabs(name: string, relay: Relay): Subscription {
  const channel = new BroadcastChannel(name);
  const requests$ = fromEvent<MessageEvent>(channel, "message").pipe(
    map(({ data }) => data as Request | Answer),
    filter((message) => "type" in message),
  );
  const answers$ = requests$.pipe(
    mergeMap(relay),
    finalize(() => channel.close()),
  );
  return answers$.subscribe((answer) => channel.postMessage(answer));
}

/** By a WebSocket, which the first request opens, as one does after it was lost; the end of the last closes it. */
export function socketWire(url: string): Wire {
  const open$ = new Observable<WebSocket>((subscriber) => {
    const socket = new WebSocket(url);
    socket.onopen = () => subscriber.next(socket);
    socket.onclose = () => subscriber.error(new Error(`The connection to ${url} is lost`));
    return () => socket.close();
  }).pipe(share({ connector: () => new ReplaySubject(1) }));

  return (request) =>
    open$.pipe(
      switchMap((socket) => {
        const messages$ = fromEvent<MessageEvent>(socket, "message");
        const answers$ = messages$.pipe(map(({ data }) => JSON.parse(data) as Answer));
        const ask$ = defer(() => {
          socket.send(JSON.stringify(request));
          return NEVER;
        });
        return merge(answers$.pipe(filter(({ id }) => id === request.id)), ask$);
      }),
    );
}

/** Answers one client's socket. */
export function serveSocket(socket: WebSocket, relay: Relay): void {
  const answer = async (text: string) => socket.send(JSON.stringify(await relay(JSON.parse(text))));
  // What fails was no request, or nobody waits for its answer any more.
  socket.addEventListener("message", ({ data }) => void answer(data).catch(() => socket.close()));
}
