/** An account as busy people have them, put straight into a homeserver's store: over the API it would take minutes. */
import { realClock } from "../../src/streams/clock.ts";
import { addUser, logIn } from "../../src/testing/homeserver/accounts.ts";
import type { Json } from "../../src/testing/homeserver/body.ts";
import { createRoom } from "../../src/testing/homeserver/create-room.ts";
import { changeMembership } from "../../src/testing/homeserver/membership.ts";
import type { Room } from "../../src/testing/homeserver/room.ts";
import { addEvent, createStore, type Device, type Store } from "../../src/testing/homeserver/store.ts";
import { memberCounts, messages } from "./account-model.ts";

export interface Busy {
  readonly store: Store;
  /** The busy user's own devices: one for each client, as their logins would be. */
  readonly devices: readonly [Device, Device];
  /** Somebody who shares a direct room with them. */
  readonly friend: Device;
  readonly directRoomId: string;
}

/** A user in so many rooms. */
export function busyAccount(rooms: number): Busy {
  const store = createStore("bench.test", realClock);
  const alice = addUser(store, "alice", "");
  const bob = addUser(store, "bob", "");
  const direct = createRoom(store, alice, directSettings(bob.id));
  changeMembership(store, direct, { sender: bob, target: bob.id, membership: "join" });
  for (const [index, members] of memberCounts(rooms - 1).entries()) fill(store, index, members);
  store.flush();
  return {
    store,
    devices: [logIn(store, alice, "OURS"), logIn(store, alice, "RIVAL")],
    friend: logIn(store, bob),
    directRoomId: direct.id,
  };

  function fill(store: Store, index: number, members: number): void {
    // Of other homeservers, as most people are.
    const others = Array.from({ length: members - 1 }, (_, other) => `@user${index}-${other}:other.test`);
    const room = createRoom(store, alice, members === 2 ? directSettings(others[0]) : groupSettings(index));
    for (const other of others) join(store, room, other);
    for (const { sender, type, content } of messages(index, [alice.id, ...others])) {
      const targets = room.events.at(-1)?.eventId ?? "";
      addEvent(store, room, { sender, type, content: content(targets) });
    }
  }
}

function join(store: Store, room: Room, userId: string): void {
  const content: Json = {
    membership: "join",
    displayname: `Display name of ${userId}`,
    avatar_url: "mxc://other.test/abcdefghijklmnopqrstuvwx",
  };
  addEvent(store, room, { sender: userId, type: "m.room.member", stateKey: userId, content });
}

const common = { initial_state: [], invite: [] };

const directSettings = (other: string | undefined) => ({
  ...common,
  preset: "trusted_private_chat" as const,
  is_direct: true,
  invite: other?.endsWith(":bench.test") ? [other] : [],
});

const groupSettings = (index: number) => ({
  ...common,
  preset: "private_chat" as const,
  name: `Room number ${index}`,
  topic: `What is talked about in room number ${index}, in as many words as topics have`,
  initial_state: [
    {
      type: "m.room.avatar",
      state_key: "",
      content: { url: "mxc://bench.test/abcdefghijklmnopqrstuvwx" },
    },
  ],
});
