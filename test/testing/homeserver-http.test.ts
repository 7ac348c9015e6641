import { firstValueFrom, map, Subject } from "rxjs";
import { afterEach, expect, it } from "vitest";
import { type NodeServer, serve } from "../../demo/node-server.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";

let server: NodeServer | undefined;
afterEach(() => server?.close());

const sync = (url: string, token: string, query = "") =>
  [`${url}/_matrix/client/v3/sync?${query}`, { headers: { Authorization: `Bearer ${token}` } }] as const;

it("answers over HTTP", async () => {
  server = await serve(createHomeserver().fetch);
  const response = await fetch(`${server.url}/_matrix/client/versions`);
  expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect((await response.json()).versions).toContain("v1.12");
});

it("drops the socket where the homeserver drops the connection", async () => {
  const homeserver = createHomeserver();
  server = await serve(homeserver.fetch);
  homeserver.fail({ type: "dropped", times: 1 });
  await expect(fetch(`${server.url}/_matrix/client/versions`)).rejects.toThrow(TypeError);
  expect((await fetch(`${server.url}/_matrix/client/versions`)).status).toBe(200);
});

it("ends the long poll of a client that hangs up", async () => {
  const homeserver = createHomeserver();
  const { accessToken } = homeserver.createUser("alice");
  const answers = new Subject<Promise<Response>>();
  server = await serve((request) => {
    const answer = homeserver.fetch(request);
    answers.next(answer);
    return answer;
  });
  const { next_batch } = await (await fetch(...sync(server.url, accessToken))).json();
  const arrived = firstValueFrom(answers.pipe(map((answer) => [answer])));
  const abort = new AbortController();
  const [url, init] = sync(server.url, accessToken, `since=${next_batch}&timeout=30000`);
  const poll = fetch(url, { ...init, signal: abort.signal });
  const [answer] = await arrived;
  abort.abort();
  await expect(poll).rejects.toThrow("abort");
  await expect(answer).rejects.toThrow("aborted");
});

it("closes with long polls open, and frees its port", async () => {
  const homeserver = createHomeserver();
  const { accessToken } = homeserver.createUser("alice");
  const first = await serve(homeserver.fetch);
  const { next_batch } = await (await fetch(...sync(first.url, accessToken))).json();
  const poll = fetch(...sync(first.url, accessToken, `since=${next_batch}&timeout=30000`));
  const broken = expect(poll).rejects.toThrow(TypeError);
  await first.close();
  await broken;
  const port = Number(new URL(first.url).port);
  server = await serve(homeserver.fetch, { port });
  expect(server.url).toBe(first.url);
  await expect(serve(homeserver.fetch, { port })).rejects.toThrow("EADDRINUSE");
});
