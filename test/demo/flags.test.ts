import { describe, expect, it } from "vitest";
import { parseFlags } from "../../demo/flags.ts";

describe("the flags of npm start", () => {
  const users = ["--alice", "@alice:b.org:p:w", "--bob", "bob:secret"];

  it("name another homeserver with two users", () => {
    expect(parseFlags(["--once", "--port", "9000", "--homeserver", "https://b.org", ...users])).toEqual({
      help: false,
      once: true,
      port: 9000,
      settings: {
        homeserver: "https://b.org",
        alice: { user: "@alice:b.org", password: "p:w" },
        bob: { user: "bob", password: "secret" },
      },
    });
  });

  for (const [args, why] of [
    [["--loud"], /^Unknown option '--loud'; /],
    [["--port"], /^Option '--port <value>' argument missing; /],
    [["now"], /^Unexpected argument 'now'; /],
    [["--port", "0x1f"], /^--port must be a number from 1 to 65535; got "0x1f"$/],
    [["--homeserver", "b.org", ...users], /^--homeserver must be a URL/],
    [["--homeserver", "https://b.org", "--alice", "alice"], /^--alice must be USER:PASSWORD/],
    [["--homeserver", "https://b.org", ...users, "--room", "#b:b.org"], /^--room must be a room id/],
    [["--bob", "bob:secret"], /^--bob goes with --homeserver/],
  ] as const) {
    it(`are refused in one line: ${args.join(" ")}`, () => {
      expect(() => parseFlags(args)).toThrow(why);
      expect(() => parseFlags(args)).not.toThrow(/\n|secret/);
    });
  }
});
