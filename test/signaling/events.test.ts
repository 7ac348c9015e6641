import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { decode, headOf } from "../../src/signaling/events.ts";
import type { RoomEvent, Transfer } from "../../src/streams/contract.ts";
import { able, answer, candidate, offer, ref, unable } from "./support.ts";

const head = { call_id: "call", version: "1", party_id: "P1" };
const event = (
  type: string,
  content: unknown,
  over: { stateKey?: string; age?: number } = {},
): RoomEvent => ({
  roomId: ref.roomId,
  eventId: "$e",
  sender: "@bob:test",
  type,
  content,
  encrypted: false,
  ...over,
});
const read = (...what: Parameters<typeof event>) => {
  const origin = event(...what);
  const head = headOf(origin);
  return head && decode(origin, head);
};
const invite = { ...head, offer: offer.description, lifetime: 60_000 };

describe("decode", () => {
  const from = { ...ref, partyId: "P1" };
  const end = { candidate: "", sdpMid: "0", sdpMLineIndex: 0 };
  const { streams } = answer as Required<typeof answer>;
  const transfer: Transfer = {
    replacementId: "R",
    targetUser: { userId: "@carol:test", displayName: "Carol", avatarUrl: "mxc://test/c" },
    targetRoom: "!other:test",
    createCall: "new",
  };
  it.each([
    [
      encode.invite(from, { ...offer, streams }, 9_000, "@c:test"),
      { type: "invite", ...offer, streams, lifetime: 9_000, invitee: "@c:test", capabilities: able },
    ],
    [encode.answer(from, answer), { type: "answer", ...answer, capabilities: able }],
    [encode.negotiate(from, answer, 5_000), { type: "negotiate", ...answer, lifetime: 5_000 }],
    [
      encode.negotiate(from, { ...answer, negotiation: "2" }, 5_000),
      { type: "negotiate", ...answer, negotiation: "2", lifetime: 5_000 },
    ],
    [
      encode.answer(from, { ...answer, negotiation: "1" }),
      { type: "answer", ...answer, negotiation: "1", capabilities: able },
    ],
    [encode.replaces(from, transfer), { type: "transfer", transfer }],
    [
      encode.rejectReplacement(from, "R", "failed_call"),
      { type: "transfer_refused", replacementId: "R", reason: "failed_call" },
    ],
    [
      encode.candidates(from, [candidate("a"), end]),
      { type: "candidates", candidates: [candidate("a"), end] },
    ],
    [encode.selectAnswer(from, "P2"), { type: "select_answer", selectedPartyId: "P2" }],
    [encode.reject(from), { type: "reject" }],
    [encode.hangup(from, "user_busy"), { type: "hangup", reason: "user_busy" }],
    [encode.delayedHangup(from), { type: "hangup", reason: "unknown_error", delayed: true }],
  ])("reads back our own %s", ({ type, content }, body) => {
    const sender = { userId: "@bob:test", partyId: "P1" };
    expect(read(type, JSON.parse(JSON.stringify(content)))).toEqual({
      ...ref,
      eventType: type,
      version: 1,
      sender,
      ...body,
    });
  });

  it.each([1, null, "", {}, "x".repeat(65)])("takes a negotiation that is named %o as unnamed", (name) => {
    const body = read("m.call.negotiate", {
      ...head,
      lifetime: 1,
      description: answer.description,
      "trunkline.negotiation": name,
    });
    expect(body).toMatchObject({ type: "negotiate" });
    expect(body).not.toHaveProperty("negotiation");
  });

  it("P28 reads both types of changed streams, and both keys", () => {
    for (const { type, content } of encode.streamsChanged(from, answer.streams ?? [])) {
      expect(read(type, content)).toMatchObject({ type: "streams", streams: answer.streams });
    }
    const unstable = { "org.matrix.msc3077.sdp_stream_metadata": { x: { purpose: "m.screenshare" } } };
    expect(read("m.call.invite", { ...invite, ...unstable })).toMatchObject({
      streams: [{ id: "x", purpose: "m.screenshare", audioMuted: false, videoMuted: false }],
    });
  });

  it.each([
    [0, 0],
    ["0", 1],
    [1, 1],
    ["1", 1],
    ["2", 1],
    [undefined, 1],
    [null, 1],
    [{}, 1],
  ])("P2 reads version %j as %d", (version, expected) => {
    expect(read("m.call.reject", { ...head, version })?.version).toBe(expected);
  });

  it("P1 P2 takes a peer that names no version, and counts it as 1", () => {
    expect(read("m.call.reject", { call_id: "call", party_id: "P1" })?.version).toBe(1);
  });

  it.each([
    [5, 5],
    [-5_000, 0],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])("P8 believes an age of %d as %s", (age, expected) => {
    expect(read("m.call.reject", head, { age })?.age).toBe(expected);
  });

  it.each([
    [true, true],
    ["true", false],
    [1, false],
    [null, false],
    [undefined, false],
  ])("P31 counts a capability of %j as %s", (said, counts) => {
    const capabilities = { "m.call.transferee": said, "m.call.dtmf": said };
    for (const content of [
      { ...invite, capabilities },
      { ...head, answer: answer.description, capabilities },
    ]) {
      const type = "offer" in content ? "m.call.invite" : "m.call.answer";
      expect(read(type, content)).toMatchObject({ capabilities: { transferee: counts, dtmf: counts } });
    }
  });

  it("P31 takes capabilities that name nothing as none, and tells them from no capabilities", () => {
    for (const capabilities of [{}, []])
      expect(read("m.call.invite", { ...invite, capabilities })).toMatchObject({ capabilities: unable });
    for (const capabilities of [undefined, null, "all", 7])
      expect(read("m.call.invite", { ...invite, capabilities })).not.toHaveProperty("capabilities");
  });

  it("P33 reads both types of asserted identity, each field for itself; null resets", () => {
    const says = (asserted_identity: unknown) => ({ ...head, asserted_identity });
    for (const type of ["m.call.asserted_identity", "org.matrix.call.asserted_identity"]) {
      expect(
        read(type, says({ id: "tel:1", display_name: "Carol", avatar_url: "mxc://c", extra: 1 })),
      ).toMatchObject({
        type: "identity",
        identity: { id: "tel:1", displayName: "Carol", avatarUrl: "mxc://c" },
      });
      expect(read(type, says(null))).toHaveProperty("identity", {});
      expect(read(type, says({ id: null, display_name: "Carol" }))).toHaveProperty("identity", {
        displayName: "Carol",
      });
      expect(read(type, head)).toBeUndefined();
      expect(read(type, says("Carol"))).toBeUndefined();
    }
  });

  it("P33 P44 leaves out names and addresses of absurd length", () => {
    const asserted_identity = {
      id: "x".repeat(513),
      display_name: "x".repeat(257),
      avatar_url: "x".repeat(2_049),
    };
    expect(read("m.call.asserted_identity", { ...head, asserted_identity })).toHaveProperty("identity", {});
  });

  it("P32 reads a refusal without a reason as declined", () => {
    expect(read("m.call.reject_replacement", { ...head, replacement_id: "R" })).toMatchObject({
      replacementId: "R",
      reason: "declined",
    });
  });

  it("P32 reads a transfer with as little as a user and a call, and takes null for absent", () => {
    const replaces = {
      ...head,
      replacement_id: "R",
      target_user: { id: "@carol:test", display_name: null },
      target_room: null,
      create_call: null,
      await_call: "their call",
    };
    expect(read("m.call.replaces", replaces)).toHaveProperty("transfer", {
      replacementId: "R",
      targetUser: { userId: "@carol:test" },
      awaitCall: "their call",
    });
  });

  it("names the call of an event that is malformed in other parts, and of no other", () => {
    expect(headOf(event("m.call.invite", head))).toMatchObject(ref);
    expect(headOf(event("m.room.message", head))).toBeUndefined();
    expect(headOf(event("m.call.invite", {}))).toBeUndefined();
    expect(headOf(event("m.call.invite", head, { stateKey: "" }))).toBeUndefined();
  });

  it("P3 takes ids that it would not make itself", () => {
    expect(read("m.call.reject", { ...head, call_id: "a+/=\u00e9", party_id: "+/=" })).toMatchObject({
      callId: "a+/=\u00e9",
      sender: { partyId: "+/=" },
    });
  });

  it("P4 takes a peer without a party", () => {
    expect(read("m.call.reject", { call_id: "call", version: 0 })?.sender).toEqual({ userId: "@bob:test" });
  });

  it("P17 reads a missing or malformed reason as user_hangup", () => {
    expect(read("m.call.hangup", head)).toMatchObject({ reason: "user_hangup" });
    expect(read("m.call.hangup", { ...head, reason: 7 })).toMatchObject({ reason: "user_hangup" });
    expect(read("m.call.hangup", { ...head, reason: "odd" })).toMatchObject({ reason: "odd" });
  });

  it("P22 takes what is usable of candidates, and passes over the rest", () => {
    const candidates = [
      { candidate: "mid", sdpMid: "a" },
      { candidate: "index", sdpMLineIndex: 1 },
      { candidate: "empty mid", sdpMid: "", sdpMLineIndex: 2 },
      { candidate: "null mid", sdpMid: null, sdpMLineIndex: 0 },
      { candidate: "" },
      { candidate: "neither" },
      { candidate: "bad index", sdpMLineIndex: -1 },
      { candidate: 7, sdpMid: "a" },
      "text",
      null,
    ];
    expect(read("m.call.candidates", { ...head, candidates })).toMatchObject({
      candidates: [
        { candidate: "mid", sdpMid: "a" },
        { candidate: "index", sdpMLineIndex: 1 },
        { candidate: "empty mid", sdpMLineIndex: 2 },
        { candidate: "null mid", sdpMLineIndex: 0 },
        { candidate: "" },
      ],
    });
  });

  it.each([{ version: 2 }, { version: "1" }, {}, 1, true, null])(
    "P34 takes a hangup for a delayed one by its mark of version 1 alone, not by %j",
    (mark) => {
      expect(read("m.call.hangup", { ...head, "trunkline.delayed_hangup": mark })).toEqual(
        read("m.call.hangup", head),
      );
      expect(
        read("m.call.hangup", { ...head, "trunkline.delayed_hangup": { version: 1, more: 2 } }),
      ).toMatchObject({ reason: "user_hangup", delayed: true });
    },
  );

  it("P26 leaves out unknown purposes, and tells no metadata from empty metadata", () => {
    const sdp_stream_metadata = {
      a: { purpose: "m.usermedia", audio_muted: "yes" },
      b: { purpose: "m.hologram" },
      c: 1,
    };
    expect(read("m.call.invite", { ...invite, sdp_stream_metadata })).toMatchObject({
      streams: [{ id: "a", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
    });
    expect(read("m.call.invite", { ...invite, sdp_stream_metadata: {} })).toMatchObject({ streams: [] });
    expect(read("m.call.invite", invite)).not.toHaveProperty("streams");
    // As of a language that cannot tell an empty object from an empty list.
    for (const list of [[], [{ purpose: "m.usermedia" }]])
      expect(read("m.call.invite", { ...invite, sdp_stream_metadata: list })).not.toHaveProperty("streams");
  });

  it("P11 takes an invite that names nobody in its invitee as one for any", () => {
    expect(read("m.call.invite", { ...invite, invitee: "" })).not.toHaveProperty("invitee");
  });

  it("P43 makes fresh objects and knows no inherited types or keys", () => {
    const hostile = JSON.parse(
      `{"call_id":"call","version":"1","party_id":"P1","offer":{"type":"offer","sdp":"x","__proto__":{"a":1},"extra":2},
        "lifetime":1000,"__proto__":{"polluted":true},"constructor":{"x":1},
        "sdp_stream_metadata":{"__proto__":{"purpose":"m.usermedia"},"ok":{"purpose":"m.usermedia"}}}`,
    );
    expect(read("m.call.invite", hostile)).toEqual({
      ...ref,
      eventType: "m.call.invite",
      sender: { userId: "@bob:test", partyId: "P1" },
      version: 1,
      type: "invite",
      description: { type: "offer", sdp: "x" },
      lifetime: 1_000,
      streams: [{ id: "ok", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(read("__proto__", head)).toBeUndefined();
    expect(read("constructor", head)).toBeUndefined();
  });

  const replaces = { ...head, replacement_id: "R", target_user: { id: "@carol:test" }, create_call: "new" };
  const bad: [string, string, unknown][] = [
    ["no content", "m.call.reject", undefined],
    ["null", "m.call.reject", null],
    ["text", "m.call.reject", "x"],
    ["a list", "m.call.reject", []],
    ["no call id", "m.call.reject", { version: "1" }],
    ["an empty call id", "m.call.reject", { ...head, call_id: "" }],
    ["a numeric call id", "m.call.reject", { ...head, call_id: 7 }],
    ["an endless call id", "m.call.reject", { ...head, call_id: "x".repeat(513) }],
    ["no offer", "m.call.invite", { ...head, lifetime: 1 }],
    ["an answer for an offer", "m.call.invite", { ...invite, offer: { type: "answer", sdp: "" } }],
    ["no sdp", "m.call.invite", { ...invite, offer: { type: "offer" } }],
    ["endless sdp", "m.call.invite", { ...invite, offer: { type: "offer", sdp: "x".repeat(65_537) } }],
    ["an offer for an answer", "m.call.answer", { ...head, answer: offer.description }],
    ["no candidates", "m.call.candidates", head],
    ["candidates that are no list", "m.call.candidates", { ...head, candidates: {} }],
    ["no selected party", "m.call.select_answer", head],
    ["no metadata", "m.call.sdp_stream_metadata_changed", head],
    ["metadata that is no object", "m.call.sdp_stream_metadata_changed", { ...head, sdp_stream_metadata: 7 }],
    ["no description", "m.call.negotiate", { ...head, lifetime: 1 }],
    ["a rollback", "m.call.negotiate", { ...head, lifetime: 1, description: { type: "rollback", sdp: "" } }],
    ["no replacement id", "m.call.replaces", { ...replaces, replacement_id: undefined }],
    ["no target", "m.call.replaces", { ...replaces, target_user: undefined }],
    ["a target that is no user", "m.call.replaces", { ...replaces, target_user: { id: "carol" } }],
    ["a room that is no text", "m.call.replaces", { ...replaces, target_room: 7 }],
    ["a transfer to no call", "m.call.replaces", { ...replaces, create_call: undefined }],
    ["a transfer to two calls", "m.call.replaces", { ...replaces, await_call: "other" }],
    ["a refusal of nothing", "m.call.reject_replacement", head],
  ];
  it.each(bad)("P44 refuses %s", (_what, type, content) => {
    expect(read(type, content)).toBeUndefined();
  });

  it("P7 P44 bounds an absurd lifetime", () => {
    expect(read("m.call.invite", { ...invite, lifetime: 1e15 })).toMatchObject({ lifetime: 600_000 });
    const negotiate = { ...head, description: offer.description, lifetime: 1e15 };
    expect(read("m.call.negotiate", negotiate)).toMatchObject({ lifetime: 600_000 });
  });

  it.each([undefined, null, "60000", "ever", {}, []])(
    "P7 P19 takes what is recommended for a lifetime of %j",
    (lifetime) => {
      for (const [type, content] of [
        ["m.call.invite", { ...head, offer: offer.description }],
        ["m.call.negotiate", { ...head, description: offer.description }],
        ["m.call.negotiate", { ...head, description: answer.description }],
      ] as const)
        expect(read(type, { ...content, ...(lifetime !== undefined && { lifetime }) })).toMatchObject({
          lifetime: 90_000,
        });
    },
  );

  it("P7 takes an invite that is good for less than no time as expired", () => {
    expect(read("m.call.invite", { ...invite, lifetime: -1 })).toMatchObject({ lifetime: 0 });
  });

  it("P44 takes 256 candidates of an event, and passes over the rest", () => {
    const candidates = Array.from({ length: 300 }, (_, n) => candidate(String(n)));
    expect(read("m.call.candidates", { ...head, candidates })).toMatchObject({
      candidates: candidates.slice(0, 256),
    });
  });

  it.each([7, null, [], "x".repeat(9_000)])("P43 no optional field of %j costs the event", (bad) => {
    const optional = {
      capabilities: bad,
      invitee: typeof bad === "string" ? 7 : bad,
      lifetime: bad,
      sdp_stream_metadata: bad,
      "org.matrix.msc3077.sdp_stream_metadata": bad,
      "trunkline.negotiation": bad,
      reason: bad,
      "trunkline.delayed_hangup": bad,
      version: bad,
      party_id: bad,
    };
    for (const [type, needed] of [
      ["m.call.invite", { offer: offer.description }],
      ["m.call.answer", { answer: answer.description }],
      ["m.call.negotiate", { description: answer.description }],
      ["m.call.candidates", { candidates: [] }],
      ["m.call.select_answer", { selected_party_id: "P1" }],
      ["m.call.reject", {}],
      ["m.call.hangup", {}],
      ["m.call.reject_replacement", { replacement_id: "R" }],
    ] as const)
      expect(read(type, { call_id: "call", ...optional, ...needed }), type).toBeDefined();
  });

  it("P25 assumes what a missing type or purpose can only be, and nothing for a wrong one", () => {
    const { sdp } = offer.description;
    const sdp_stream_metadata = { s: {} };
    expect(read("m.call.invite", { ...invite, offer: { sdp }, sdp_stream_metadata })).toMatchObject({
      description: { type: "offer", sdp },
      streams: [{ id: "s", purpose: "m.usermedia" }],
    });
    expect(read("m.call.answer", { ...head, answer: { sdp } })).toMatchObject({
      description: { type: "answer", sdp },
    });
    expect(read("m.call.answer", { ...head, answer: { sdp, type: 7 } })).toBeUndefined();
    expect(read("m.call.negotiate", { ...head, description: { sdp }, lifetime: 1 })).toBeUndefined();
  });

  it.each([
    ["no text", 7],
    ["empty", ""],
    ["endless", "x".repeat(513)],
  ])("P4 P44 takes a party that is %s for none", (_what, party_id) => {
    expect(read("m.call.reject", { ...head, party_id })?.sender).toEqual({ userId: "@bob:test" });
  });

  it("is not fooled by a state event of a call's type", () => {
    expect(read("m.call.reject", head, { stateKey: "" })).toBeUndefined();
  });
});
