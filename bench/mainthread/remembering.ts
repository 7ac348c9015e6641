type Fetch = (request: Request) => Promise<Response>;

export interface Remembering {
  readonly fetch: Fetch;
  /** The path and query of the latest first sync that this token asked for. */
  firstSync(accessToken: string): string;
}

/**
 * A homeserver that makes the answer to each first sync once, as Synapse does for who asks again: the first one of a
 * large account takes seconds, in which nobody's client is measured.
 */
export function remembering(fetch: Fetch): Remembering {
  const bodies = new Map<string, Promise<ArrayBuffer>>();
  const asked = new Map<string, string>();
  return {
    async fetch(request) {
      const { pathname, search, searchParams } = new URL(request.url);
      if (!pathname.endsWith("/v3/sync") || searchParams.has("since")) return fetch(request);
      const path = `${pathname}${search}`;
      const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      asked.set(token, path);
      const key = JSON.stringify([token, path]);
      const body = bodies.get(key) ?? fetch(request).then((response) => response.arrayBuffer());
      bodies.set(key, body);
      return new Response(await body, { headers: { "content-type": "application/json" } });
    },
    firstSync(accessToken) {
      const path = asked.get(accessToken);
      if (path === undefined) throw new Error("nobody with this token has asked for a first sync yet");
      return path;
    },
  };
}
