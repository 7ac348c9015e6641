/** Older releases of matrix-js-sdk: the last of each major version, and what it cannot do. */

export interface LeftOut {
  /** Scenarios, by name. */
  readonly scenarios: readonly string[];
  /** Where only that one calls. */
  readonly caller?: "Trunkline" | "matrix-js-sdk";
  readonly reason: string;
}

export interface SdkVersion {
  readonly release: string;
  /** False where it neither sends nor reads stream metadata. */
  readonly metadata: boolean;
  readonly leftOut: readonly LeftOut[];
}

const ANSWERS_WITH_WHAT_IS_OFFERED: LeftOut = {
  scenarios: ["video, answered by voice"],
  caller: "Trunkline",
  reason: "It answers with the kinds that are offered.",
};

const CALLERS = ["Trunkline", "matrix-js-sdk"] as const;

/** Which side one has in a call that is placed by either. */
const sideOf = (make: (typeof CALLERS)[number], caller: string) => (make === caller ? "caller" : "callee");

const ADDS_NO_VIDEO: readonly LeftOut[] = CALLERS.map((caller) => ({
  scenarios: [
    `video added by the ${sideOf("matrix-js-sdk", caller)}`,
    "video added by one, then by the other",
  ],
  caller,
  reason: "It adds no video to a call.",
}));

export const VERSIONS: Readonly<Record<string, SdkVersion>> = {
  "9": {
    release: "9.11.0",
    metadata: false,
    leftOut: [
      ANSWERS_WITH_WHAT_IS_OFFERED,
      ...ADDS_NO_VIDEO,
      {
        scenarios: [
          "the microphone muted and unmuted, seen at the other side",
          "the camera muted and unmuted, seen at the other side",
        ],
        reason: "It knows no stream metadata, which says what is muted.",
      },
      ...CALLERS.map((caller) => ({
        scenarios: ["held and resumed by the", "video added by the"].map(
          (what) => `${what} ${sideOf("Trunkline", caller)}`,
        ),
        caller,
        reason:
          "It knows no stream metadata, by which Trunkline sees that a client negotiates: it holds in silence and adds no video, before that version has negotiated itself.",
      })),
      {
        scenarios: ["caller", "callee"].map(
          (side) => `the screen shared beside the camera by the ${side}, and no more`,
        ),
        reason: "It knows no stream metadata: it shows one stream.",
      },
      ...CALLERS.map((caller) => ({
        scenarios: [`two invites that cross become one call, the ${sideOf("Trunkline", caller)}'s`],
        caller,
        reason:
          "It answers an invite that crosses its own and wins before it has read it: the call never connects.",
      })),
    ],
  },
  "12": { release: "12.5.0", metadata: true, leftOut: [ANSWERS_WITH_WHAT_IS_OFFERED, ...ADDS_NO_VIDEO] },
  "19": { release: "19.7.0", metadata: true, leftOut: [] },
  "28": { release: "28.2.0", metadata: true, leftOut: [] },
  "34": { release: "34.13.0", metadata: true, leftOut: [] },
};

/** The one that is called where none is named: like all before version 32, its negotiated answers have no lifetime. */
const USUAL = "28";

/** Where none is named, what takes a minute is left out as well. */
const TOO_LONG: LeftOut = {
  scenarios: ["expires, at both ends"],
  caller: "matrix-js-sdk",
  reason: "It rings for a minute.",
};

export function leftOutOf(version: string): readonly LeftOut[] {
  const own = VERSIONS[version]?.leftOut ?? [];
  return process.env.SDK_VERSIONS === undefined ? [...own, TOO_LONG] : own;
}

/** The versions that `npm run test:interop -- --sdk` names, in the environment of the tests. Throws on any other. */
export function askedVersions(names = process.env.SDK_VERSIONS ?? USUAL): readonly string[] {
  const all = Object.keys(VERSIONS);
  const asked = names === "all" ? all : names.split(",");
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new Error(`There is no version "${unknown}": name ${all.join(", ")} or all.`);
  return asked;
}
