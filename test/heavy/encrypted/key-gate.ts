/** Stands before a homeserver and can hold back room keys, so that events surely come before what opens them. */

type Fetch = (request: Request) => Promise<Response>;

export interface KeyGate {
  readonly fetch: Fetch;
  /** From now on what devices send each other waits here, though they are told that it was sent. */
  hold(): void;
  release(): Promise<void>;
}

export function createKeyGate(homeserver: Fetch): KeyGate {
  let held: Request[] | undefined;
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (!held || !pathname.includes("/sendToDevice/")) return homeserver(request);
      held.push(new Request(request.url, request));
      return Response.json({});
    },
    hold() {
      held = [];
    },
    async release() {
      const requests = held ?? [];
      held = undefined;
      for (const request of requests) await homeserver(request);
    },
  };
}
