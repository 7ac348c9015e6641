import type { TestUser } from "./world.ts";

let count = 0;

/** Sends an event of a call, under a transaction of its own, and gives its id. */
export function say(user: TestUser, roomId: string, content: object = {}): Promise<string> {
  count += 1;
  return user.transport.send(roomId, "m.call.candidates", content, `say${count}`);
}
