/**
 * A call between two engines, straight from src: lean Matrix transports, the embedded homeserver as a fetch handler, no
 * server, no media. By hand: `npx deno run -A test/runtimes/programs/call.ts`.
 */
import { firstValueFrom } from "rxjs";
import { filter } from "rxjs/operators";
import { createPhone } from "../../../src/phone/phone.ts";
import { createEngine } from "../../../src/signaling/engine.ts";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import { fakeMedia } from "../../../src/testing/fake-media.ts";
import { createHomeserver } from "../../../src/testing/homeserver/index.ts";

const homeserver = createHomeserver({ serverName: "call.test" });
const url = "https://call.test";
const fetchHere: typeof fetch = (input, init) => homeserver.fetch(new Request(input, init));

async function api<T>(path: string, body: object, token?: string): Promise<T> {
  const response = await fetchHere(`${url}/_matrix/client/v3${path}`, {
    method: "POST",
    headers: token ? { authorization: `Bearer ${token}` } : {},
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function user(username: string) {
  const auth = { type: "m.login.dummy" };
  const account = await api<{ access_token: string; user_id: string }>("/register", {
    username,
    password: "pass",
    auth,
  });
  const transport = matrixTransport({ homeserver: url, accessToken: account.access_token, fetch: fetchHere });
  const media = fakeMedia();
  return { ...account, media, phone: createPhone({ signaling: createEngine({ transport }), media }) };
}

const alice = await user("alice");
const bob = await user("bob");
const room = await api<{ room_id: string }>("/createRoom", { invite: [bob.user_id] }, alice.access_token);
await api(`/join/${encodeURIComponent(room.room_id)}`, {}, bob.access_token);

bob.phone.incoming$.subscribe((call) => call.answer({ audio: true }));
const call = alice.phone.place({ roomId: room.room_id, invitee: bob.user_id, audio: true });
await firstValueFrom(call.state$.pipe(filter((state) => state === "connected")));
call.hangup();
const end = await call.ended;
await alice.phone.close();
await bob.phone.close();
homeserver.close();
const left = [alice, bob].map(({ media }) => media.openSessions + media.liveTracks);
if (end.by !== "us" || left.some((count) => count > 0))
  throw new Error(`The call ended wrongly: ${JSON.stringify({ end, left })}`);
console.log("a call between two engines on this thread: placed, answered, connected, hung up");
