/** Stands before a homeserver and can hold back what it has to tell, so that two calls surely cross. */

type Fetch = (request: Request) => Promise<Response>;

export interface Gate {
  readonly fetch: Fetch;
  /** From now on nobody hears of anything. */
  hold(): void;
  release(): void;
  /** How many invites were sent since `hold()`. */
  readonly invites: number;
}

/** What answers requests for a homeserver that is somewhere else. */
export const proxyTo =
  (homeserver: string): Fetch =>
  async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers, signal } = request;
    const body = method === "GET" ? null : await request.arrayBuffer();
    const there = new Headers(headers);
    there.delete("host");
    const answer = await fetch(`${homeserver}${pathname}${search}`, { method, headers: there, body, signal });
    const text = await answer.arrayBuffer();
    const type = answer.headers.get("content-type") ?? "application/json";
    return new Response(text.byteLength > 0 ? text : null, {
      status: answer.status,
      headers: { "content-type": type },
    });
  };

export function createGate(homeserver: Fetch): Gate {
  let invites = 0;
  let open = Promise.resolve();
  let release = () => {};

  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const answer = await homeserver(request);
      if (pathname.endsWith("/sync")) await open;
      if (request.method === "PUT" && pathname.includes("/send/m.call.invite/")) invites += 1;
      return answer;
    },
    hold() {
      invites = 0;
      open = new Promise((resolve) => {
        release = resolve;
      });
    },
    release: () => release(),
    get invites() {
      return invites;
    },
  };
}
