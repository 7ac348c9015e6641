/** Rooms for calls, made over the client-server API. */

interface Account {
  readonly userId: string;
  readonly accessToken: string;
}

async function post(url: string, { accessToken }: Account, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** A private room with the two of them in it; resolves with its id. */
export async function directRoom(homeserver: string, alice: Account, bob: Account): Promise<string> {
  const api = `${homeserver}/_matrix/client/v3`;
  const options = { preset: "trusted_private_chat", is_direct: true, invite: [bob.userId] };
  const { room_id: roomId } = await post(`${api}/createRoom`, alice, options);
  await post(`${api}/join/${encodeURIComponent(String(roomId))}`, bob, {});
  return String(roomId);
}
