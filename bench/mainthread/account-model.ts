/** What the rooms of a busy account look like; the same for the same number, so that runs can be compared. */
import type { Json } from "../../src/testing/homeserver/body.ts";

/** Of a hundred rooms 70 are direct, 29 are groups of 3 to 15, and one has 60 members. */
export function memberCounts(rooms: number): number[] {
  return Array.from({ length: rooms }, (_, index) => {
    const place = index % 100;
    if (place === 50) return 60;
    return place % 10 < 7 ? 2 : 3 + (place % 13);
  });
}

/** More than any client asks for of a room at its start. */
const MESSAGES = 25;

export interface Message {
  readonly sender: string;
  readonly type: string;
  /** Of an event that may speak of an earlier one. */
  readonly content: (earlier: string) => Json;
}

/** What was last said in a room: of ten messages six are plain, two formatted, one is a reaction and one an edit. */
export function messages(room: number, members: readonly string[]): Message[] {
  return Array.from({ length: MESSAGES }, (_, index) => ({
    sender: members[(room + index * index) % members.length] ?? "",
    type: index % 10 === 8 ? "m.reaction" : "m.room.message",
    content: (earlier) => contentOf(room, index, earlier),
  }));
}

function contentOf(room: number, index: number, earlier: string): Json {
  const body = "so it was said ".repeat(1 + ((room + index) % 12));
  const kind = index % 10;
  if (kind < 6) return { msgtype: "m.text", body };
  const formatted = {
    msgtype: "m.text",
    body,
    format: "org.matrix.custom.html",
    formatted_body: `<p>${body}</p>`,
  };
  if (kind < 8) return formatted;
  if (kind === 8)
    return { "m.relates_to": { rel_type: "m.annotation", event_id: earlier, key: `${room % 7}` } };
  return {
    ...formatted,
    "m.new_content": formatted,
    "m.relates_to": { rel_type: "m.replace", event_id: earlier },
  };
}
