import { describe, expect, it } from "vitest";
import { readOptions, usage } from "../../bench/options.ts";

const url = "https://matrix.example.org";
const two = ["--account", "@alice:example.org:syt_a", "--account", "@bob:example.org:8448:syt_b"];

describe("the benchmark's options", () => {
  it("measures everything, ten times, in memory, where nothing is said", () => {
    expect(readOptions([], {})).toEqual({
      n: 10,
      only: [],
      homeserver: "embedded",
      accounts: [],
      json: false,
    });
  });

  it("takes names, a count, and a homeserver with or without a slash at its end", () => {
    const options = readOptions(
      ["--only", "ring,pickup.relay", "--n", "3", "--homeserver", `${url}/`, "--json"],
      {},
    );
    expect(options).toMatchObject({ n: 3, only: ["ring", "pickup.relay"], homeserver: url, json: true });
  });

  it("takes the files of baselines", () => {
    const options = readOptions(["--save", "new.json", "--compare", "old.json"], {});
    expect(options).toMatchObject({ save: "new.json", compare: "old.json" });
  });

  it("takes two accounts, of users on servers with a port too", () => {
    expect(readOptions(["--homeserver", url, ...two], {})?.accounts).toEqual([
      { userId: "@alice:example.org", accessToken: "syt_a" },
      { userId: "@bob:example.org:8448", accessToken: "syt_b" },
    ]);
  });

  it("takes them from the environment", () => {
    const env = { TRUNKLINE_BENCH_ACCOUNTS: "@alice:example.org:syt_a  @bob:example.org:syt_b" };
    expect(readOptions(["--homeserver", url], env)?.accounts).toHaveLength(2);
  });

  it.each([
    [["--n", "0"], "--n must be a whole number from 1 on; got 0"],
    [["--n", "many"], "--n must be a whole number from 1 on; got many"],
    [["--homeserver", "matrix.org"], "--homeserver must be embedded, synapse, or a URL"],
    [two, "accounts are for a --homeserver that is a URL"],
    [["--homeserver", url, ...two.slice(0, 2)], "a call takes two accounts of different users; got 1"],
    [["--homeserver", url, "--account", "alice"], "an account is USER:TOKEN"],
    [["--calls", "3"], "Unknown option '--calls'"],
  ])("refuses %j with what is wrong", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });

  it("never shows a token in an error", () => {
    const read = () => readOptions(["--homeserver", url, "--account", "alice:syt_secret"], {});
    expect(read).toThrow(expect.not.objectContaining({ message: expect.stringContaining("secret") }));
  });

  it("tells of every measure in its help", () => {
    expect(readOptions(["--help"], {})).toBeUndefined();
    const help = usage([{ name: "ring", what: "place → rings" }]);
    expect(help).toContain("  ring  place → rings");
  });
});
