import { parseArgs } from "node:util";
import type { Settings, UserSettings } from "./settings.ts";

export const HELP = `Two phones on one page call each other over Matrix.

  npm start                       serve the page, with a homeserver of its own; Ctrl-C ends it
  npm start -- --once             no screen: one video call in a headless browser, its messages and latencies here

  --port N                        serve on this port; otherwise 8766, or the next one that is free
  --homeserver URL                use this homeserver instead, with two users of it:
  --alice USER:PASSWORD             a name as it is, or a full user id without a port: @alice:example.org:PASSWORD
  --bob USER:PASSWORD
  --room ID                       a room that both are in or invited to; otherwise a new one is made
  --help                          this text`;

export interface Flags {
  readonly help: boolean;
  readonly once: boolean;
  readonly port?: number;
  /** Absent: the homeserver that comes with the demo. */
  readonly settings?: Settings;
}

/** Throws, in one line, on what cannot be meant. */
export function parseFlags(args: readonly string[]): Flags {
  const { help, once, port, homeserver, alice, bob, room } = parse(args);
  const settings = homeserver === undefined ? undefined : { homeserver: checkUrl(homeserver) };
  const lone = settings
    ? undefined
    : Object.entries({ alice, bob, room }).find(([, value]) => value !== undefined);
  if (lone)
    throw new Error(`--${lone[0]} goes with --homeserver: the demo's own homeserver has users of its own`);
  return {
    help,
    once,
    ...(port !== undefined && { port: checkPort(port) }),
    ...(settings && {
      settings: {
        ...settings,
        alice: checkUser("alice", alice),
        bob: checkUser("bob", bob),
        ...(room !== undefined && { roomId: checkRoom(room) }),
      },
    }),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    help: flag,
    once: flag,
    port: text,
    homeserver: text,
    alice: text,
    bob: text,
    room: text,
  };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (thrown) {
    // Its first sentence says what is wrong; the rest is advice for somebody else.
    const [what] = (thrown as Error).message.split(/\. |\n/);
    throw new Error(`${what}; npm start -- --help tells which there are`);
  }
}

function checkPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Error(`--port must be a number from 1 to 65535; got ${JSON.stringify(text)}`);
}

function checkUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new Error(
    `--homeserver must be a URL such as https://matrix.example.org; got ${JSON.stringify(text)}`,
  );
}

function checkRoom(text: string): string {
  if (/^!./.test(text)) return text;
  throw new Error(`--room must be a room id such as !room:example.org; got ${JSON.stringify(text)}`);
}

/** A user id holds a colon of its own. What is wrong with it is not shown: there may be a password in it. */
function checkUser(name: "alice" | "bob", text: string | undefined): UserSettings {
  const [, user, password] = /^(@[^:]+:[^:]+|[^@:][^:]*):(.+)$/s.exec(text ?? "") ?? [];
  if (user && password) return { user, password };
  throw new Error(`--${name} must be USER:PASSWORD, for a user of the homeserver that --homeserver names`);
}
