/** The drawing of a Matrix call that this library began with, step by step: what happens, and where it is found here. */
import type { Step } from "./ladder.ts";

/** A test that shows a step. */
export interface Shows {
  readonly file: string;
  /** As it is written in the file. */
  readonly title: string;
}

export interface DrawnStep {
  /** The number in the drawing; absent in its last part, and for what has come into the specification since. */
  readonly number?: number;
  readonly what: string;
  /** The event that goes through the room, where one does. */
  readonly event?: string;
  readonly files: readonly string[];
  /** What of it can be observed: the name of a stream, or of an operator on one, in these files. */
  readonly streams: readonly string[];
  readonly tests: readonly Shows[];
}

export interface Drawing {
  readonly title: string;
  readonly summary: string;
  readonly steps: readonly DrawnStep[];
}

const shows = (file: string, title: string): Shows => ({ file: `test/${file}.test.ts`, title });

export const DRAWINGS: Readonly<Record<Step, Drawing>> = {
  A: {
    title: "Placing a call: the offer",
    summary:
      "The caller’s app hands devices and ICE servers to WebRTC, and sends the offer that comes of it to the room.",
    steps: [
      {
        number: 1,
        what: "The app opens camera and microphone, and has the homeserver’s STUN and TURN servers.",
        files: ["src/media/capturing.ts", "src/media/session.ts", "src/signaling/turn.ts"],
        streams: ["localStreams$", "iceServers$", "turnServers$"],
        tests: [
          shows("phone/ice-servers", "are awaited for 2 s; then the call goes without"),
          shows("dom/demo/refusals", "ends the caller's call with the reason and the remedy"),
        ],
      },
      {
        number: 2,
        what: "WebRTC makes the offer. It is worth sending once it holds the candidates that are found quickly.",
        files: ["src/media/beginning.ts", "src/media/gathering.ts", "src/media/session.ts"],
        streams: ["milestones$"],
        tests: [
          shows(
            "media/gathering",
            "P23 is worth sending with the last kind that the servers promise, and not before",
          ),
        ],
      },
      {
        number: 3,
        what: "The engine wraps the offer in an event, adds the call id, and sends it to the room.",
        event: "m.call.invite",
        files: [
          "src/signaling/call-commands.ts",
          "src/signaling/encode.ts",
          "src/signaling/outbox.ts",
          "src/signaling/engine.ts",
        ],
        streams: ["signals$"],
        tests: [
          shows(
            "signaling/call",
            "P1 P2 P6 sends an invite with call, party, version, lifetime, invitee and metadata",
          ),
          shows("signaling/call", "says when the homeserver has the invite"),
        ],
      },
    ],
  },
  B: {
    title: "The caller’s candidates",
    summary:
      "What WebRTC finds after the offer has left goes to the callee by events of its own, several candidates in one.",
    steps: [
      {
        number: 1,
        what: "WebRTC gathers the addresses at which the peer can reach it: its own, and those that STUN and TURN give.",
        files: ["src/media/peer.ts", "src/media/gathering.ts"],
        streams: ["candidates$"],
        tests: [
          shows(
            "media/gathering",
            "gives out what the description did not hold, each once, whatever follows its type",
          ),
        ],
      },
      {
        number: 2,
        what: "WebRTC hands each candidate to the phone, which passes it to the engine.",
        files: ["src/media/session.ts", "src/phone/voice.ts"],
        streams: ["candidates$"],
        tests: [shows("phone/phone", "P24 sends the end marker from both sides")],
      },
      {
        number: 3,
        what: "The engine collects candidates into batches, adds the call id, and sends each batch as one event.",
        event: "m.call.candidates",
        files: ["src/signaling/running.ts", "src/streams/debounce.ts"],
        streams: ["batchCandidates"],
        tests: [
          shows("signaling/call", "B gives local candidates to the batching, and sends the batches"),
          shows("streams/debounce", "P24 sends what is left with the end marker, at once"),
        ],
      },
    ],
  },
  C: {
    title: "Receiving the offer: the answer",
    summary:
      "The invite rings at the callee; the answer is made while it rings, and leaves when the user accepts.",
    steps: [
      {
        number: 1,
        what: "The callee’s engine reads the invite from the room, and the phone has a call that rings.",
        event: "m.call.invite",
        files: [
          "src/signaling/events.ts",
          "src/signaling/router.ts",
          "src/signaling/reader.ts",
          "src/phone/phone.ts",
        ],
        streams: ["incoming$"],
        tests: [
          shows("signaling/reader", "P9 rings only after the whole batch"),
          shows("signaling/call", "P9 rings when the batch is read, and not before"),
        ],
      },
      {
        number: 2,
        what: "The offer goes to WebRTC. No device opens, and nothing is sent to the peer, before the user accepts.",
        files: ["src/media/held-back.ts", "src/media/beginning.ts", "src/phone/course.ts"],
        streams: ["state$"],
        tests: [shows("phone/phone", "P45 opens no device at the callee before the user accepts")],
      },
      {
        number: 3,
        what: "WebRTC makes the answer.",
        files: ["src/media/beginning.ts", "src/media/session.ts"],
        streams: ["milestones$"],
        tests: [
          shows(
            "phone/prepared",
            "P23 is prepared for, so that the answer leaves when it is accepted, with the end of its candidates",
          ),
        ],
      },
      {
        number: 4,
        what: "The engine wraps the answer in an event, adds the call id, and sends it to the room.",
        event: "m.call.answer",
        files: ["src/signaling/call-commands.ts", "src/signaling/encode.ts", "src/signaling/engine.ts"],
        streams: ["signals$"],
        tests: [shows("signaling/call", "answers, with its party and metadata, and stops the timer")],
      },
      {
        what: "The caller’s engine takes the first answer, and tells all of the callee’s devices which one it took.",
        event: "m.call.select_answer",
        files: ["src/signaling/call-events.ts", "src/signaling/engine.ts"],
        streams: ["signals$"],
        tests: [
          shows("signaling/call", "P15 takes the first answer, stops the timer and selects it"),
          shows("signaling/call", "P15 ends silently when another party was selected"),
        ],
      },
    ],
  },
  D: {
    title: "The callee’s candidates",
    summary:
      "The same as B, the other way; the caller keeps them apart for each device until one has answered.",
    steps: [
      {
        number: 1,
        what: "WebRTC gathers the callee’s addresses, while the call rings.",
        files: ["src/media/peer.ts", "src/media/gathering.ts"],
        streams: ["candidates$"],
        tests: [shows("media/gathering", "P24 waits 5 ms more for the end, which then goes inside")],
      },
      {
        number: 2,
        what: "WebRTC hands each candidate that the answer did not hold to the phone, which passes it to the engine.",
        files: ["src/media/session.ts", "src/phone/voice.ts"],
        streams: ["candidates$"],
        tests: [shows("phone/phone", "D hands the callee's candidates to the caller's media")],
      },
      {
        number: 3,
        what: "The engine sends them in batches, with the call id.",
        event: "m.call.candidates",
        files: ["src/signaling/running.ts", "src/streams/debounce.ts"],
        streams: ["batchCandidates"],
        tests: [
          shows(
            "signaling/reader",
            "P23 P24 sends 30 candidates that are found slowly in at most 5 events, the end marker with the last",
          ),
        ],
      },
      {
        what: "The caller’s engine keeps candidates that come before the answer, and hands on those of the device that answers.",
        event: "m.call.candidates",
        files: ["src/signaling/call-events.ts", "src/signaling/engine.ts", "src/media/remote-candidates.ts"],
        streams: ["signals$"],
        tests: [
          shows(
            "signaling/call",
            "D keeps each party's early candidates, and hands on those of the one who answers",
          ),
          shows("media/remote-candidates", "uses candidates in order once they can be used, each once"),
        ],
      },
    ],
  },
  E: {
    title: "Connection",
    summary:
      "Both sides have both descriptions and each other’s candidates: media flows between them, not through Matrix.",
    steps: [
      {
        what: "ICE finds a path between the two: directly, where there is one.",
        files: ["src/media/peer.ts", "src/phone/course.ts"],
        streams: ["path$", "state$"],
        tests: [
          shows("phone/phone", "goes the seed's way from A to E, and both hear of its end"),
          shows("phone/phone", "a first path that fails is looked for again, and the call goes on"),
        ],
      },
      {
        what: "Audio and video go from each side to the other.",
        files: ["src/media/remote-streams.ts", "src/media/session.ts", "src/phone/live-call.ts"],
        streams: ["remoteStreams$", "stats$"],
        tests: [
          shows("e2e/demo", "a video call: placed, picked up, seen on both sides, hung up by the callee"),
          shows("dom/demo/page", "is placed, picked up, shown on both sides, and hung up by the callee"),
        ],
      },
      {
        what: "Where a firewall forbids a direct path, and there is a TURN server, they go through that relay.",
        files: ["src/signaling/turn.ts", "src/media/platform.ts", "src/media/session.ts"],
        streams: ["turnServers$", "iceServers$"],
        tests: [
          shows("synapse/relay", "a video call connects through the relay"),
          shows("signaling/turn", "P29 never offers expired credentials, and keeps good ones while it can"),
        ],
      },
    ],
  },
};

export const LETTERS = ["A", "B", "C", "D", "E"] as const satisfies readonly Step[];
