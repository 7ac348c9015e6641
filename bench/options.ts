import { parseArgs } from "node:util";

export interface Credentials {
  readonly userId: string;
  readonly accessToken: string;
}

export interface Options {
  readonly n: number;
  /** Names of measures, or how they begin; none means all. */
  readonly only: readonly string[];
  /** `embedded`, `synapse`, or a URL. */
  readonly homeserver: string;
  /** Two, or none: then users are registered. */
  readonly accounts: readonly Credentials[];
  readonly json: boolean;
  /** A file to which the samples go as a baseline. */
  readonly save?: string;
  /** The file of a baseline that the results are to be compared with. */
  readonly compare?: string;
}

/** The environment variable in which accounts may stand, where others cannot read them as they can a command line. */
const ACCOUNTS = "TRUNKLINE_BENCH_ACCOUNTS";

export const usage = (measures: readonly { readonly name: string; readonly what: string }[]): string => {
  const width = Math.max(...measures.map(({ name }) => name.length));
  return `npm run bench -- [options]

  --n N                  how many samples of each (default 10)
  --only A,B             only these measures, or those whose names begin so (default: all)
  --homeserver embedded  in this process, in memory (default)
  --homeserver synapse   a Synapse of its own, or the one that SYNAPSE_URL names
  --homeserver URL       one of yours. Users are registered where it lets anyone do so; else give two
                         accounts that may send as fast as they like (Synapse: override_ratelimit):
  --account USER:TOKEN   such as @alice:example.org:syt_abc; twice. Or both, with a space between, in
                         the environment variable ${ACCOUNTS}
  --save FILE            the samples as a baseline, for --compare
  --compare FILE         beside a baseline; ends with 3 where anything is significantly worse
  --json                 the results on standard output, and nothing else
  --help

measures:
${measures.map(({ name, what }) => `  ${name.padEnd(width)}  ${what}`).join("\n")}

Results go to bench/results.json, and to bench/report.html for reading. Ends with 0; 1 where a measure failed, 2 where the
options make no sense, 3 where something is worse than the baseline.`;
};

/** Undefined where help is asked for. Throws with what is wrong. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      n: { type: "string", default: "10" },
      only: { type: "string", default: "" },
      homeserver: { type: "string", default: "embedded" },
      account: { type: "string", multiple: true, default: [] },
      save: { type: "string" },
      compare: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { homeserver, json, save, compare } = values;
  const named = values.account.length > 0 ? values.account : (env[ACCOUNTS] ?? "").split(/\s+/);
  const accounts = named.filter(Boolean).map(credentials);
  const n = Number(values.n);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--n must be a whole number from 1 on; got ${values.n}`);
  const isUrl = /^https?:\/\/./.test(homeserver) && URL.canParse(homeserver);
  if (homeserver !== "embedded" && homeserver !== "synapse" && !isUrl) {
    throw new Error(`--homeserver must be embedded, synapse, or a URL with http(s)://; got ${homeserver}`);
  }
  if (accounts.length > 0 && !isUrl) throw new Error("accounts are for a --homeserver that is a URL");
  if (accounts.length > 0 && new Set(accounts.map(({ userId }) => userId)).size !== 2) {
    throw new Error(`a call takes two accounts of different users; got ${accounts.length}`);
  }
  const only = values.only.split(",").filter(Boolean);
  return {
    ...{ n, only, homeserver: homeserver.replace(/\/+$/, ""), accounts, json },
    ...(save !== undefined && { save }),
    ...(compare !== undefined && { compare }),
  };
}

/** A user id has a colon in it, and a port may bring another; a token has none. */
function credentials(text: string): Credentials {
  const match = /^(@[^:]+:.+):([^:]+)$/.exec(text);
  // The text is not shown: there is a token in it.
  if (!match) throw new Error("an account is USER:TOKEN, such as @alice:example.org:syt_abc");
  const [, userId = "", accessToken = ""] = match;
  return { userId, accessToken };
}
