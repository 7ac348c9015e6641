/** The rules of a Matrix call, as the docstrings and tests cite them; docs/rules.md tells which tests hold each. */
export const RULES: Readonly<Record<string, string>> = {
  P1: "Every call event carries `call_id`, `version` and `party_id`.",
  P2: 'We send version "1". The integer 0 is version 0; anything else counts as "1".',
  P3: "Ids we make are 1 to 255 of `[0-9A-Za-z-._~]`; ids we receive may be anything.",
  P4: "A party is a user and a party id, fixed for a call.",
  P5: "Our own echo is known by party, not by user: a user may call their own other device.",
  P6: "An invite holds an offer and a lifetime; an invitee and stream metadata are optional.",
  P7: "An invite rings for its lifetime (ours: 90 s) and stops by our own timer.",
  P8: "Its age is the homeserver's word plus the time since; it is clamped, and too little time left does not ring.",
  P9: "It rings when the whole sync response is read, unless that response also ends it.",
  P10: "At start-up a still valid invite rings only after one completed sync.",
  P11: "Set the invitee when one user is meant; without one, any member but the sender may answer.",
  P12: "A call in a public room does not ring; it is shown as ignored.",
  P13: "Calls belong in rooms with one other user; elsewhere we warn.",
  P14: "The callee may answer, reject, or ignore.",
  P15: "The caller takes the first answer and selects it; a callee that is not selected ends silently.",
  P16: "Version 1 is rejected by `m.call.reject`, version 0 by a hangup; a reject after an answer is disregarded.",
  P17: "A hangup has a reason; missing is `user_hangup`, unknown ones are accepted; after media it is `ice_timeout`.",
  P18: "A peer that has left the room, once the sync response is read, ends the call.",
  P19: "`m.call.negotiate` only between two of version 1; not from wrong parties, nor expired; without a lifetime the recommended one counts.",
  P20: "Perfect negotiation: the callee is polite.",
  P21: "Glare: while ours is being prepared theirs is accepted; after that the lesser call id wins. Media is reused.",
  P22: "A candidate names its `sdpMid` or `sdpMLineIndex`; we send both.",
  P23: "Candidates found quickly go inside the description, later ones in batches.",
  P24: "The end marker is sent; when gathering completes, what is left goes at once.",
  P25: "Stream metadata goes with invite, answer and negotiate, and by an event of its own when it changes.",
  P26: "With metadata, unlisted streams are ignored; without it, only the first stream is used.",
  P27: "A peer's `audio_muted` does not mute it here; `video_muted` hides its video.",
  P28: "The stable and the unstable keys and types are read and sent.",
  P29: "TURN credentials are fetched ahead of their ttl; expired ones are never used.",
  P30: "A 429 is waited for; retries keep the transaction id; an event is at most 65,536 bytes.",
  P31: "Capabilities: only boolean true counts.",
  P32: "A transfer is acted on only from the peer, in an active call, and if the app allows it.",
  P33: "An asserted identity is for display only.",
  P34: "Where the server can delay events, a hangup is scheduled that a crashed tab cannot withhold, and that never ends a call whose media path is alive.",
  P35: "The end marker names `sdpMid` and `sdpMLineIndex`; `version` stays numeric text.",
  P40: "A call belongs to one room.",
  P41: "Only the invitee may answer; what comes later must come from the peer and its party.",
  P42: "In an encrypted room, plaintext call events are dropped.",
  P43: "What a peer sends is parsed into fresh objects, never merged into ours.",
  P44: "Everything that a stranger can make us keep is bounded.",
  P45: "Before the user accepts nothing goes towards the peer, and the camera and microphone stay off.",
  P46: "At most one ringing call per caller and room, the newest; an invite that cannot ring yet rings when it can.",
  P47: "At most one call sends the microphone's audio, at every moment, whatever the peers can negotiate.",
  P48: "Closing one device or tab declines nothing for the others.",
};

/** Which tests, by their names, name which rule; in the order of the rules. */
export function testsByRule(tests: readonly string[]): Map<string, string[]> {
  const byRule = new Map(Object.keys(RULES).map((rule): [string, string[]] => [rule, []]));
  for (const name of tests) {
    for (const rule of new Set(name.match(/\bP\d+\b/g))) byRule.get(rule)?.push(name);
  }
  return byRule;
}

/** docs/rules.md, whole. */
export function rulesPage(tests: readonly string[]): string {
  const rows = [...testsByRule(tests)].map(([rule, names]) => {
    const some = [...new Set(names)].slice(0, 3).map((name) => name.replaceAll("|", "\\|"));
    return `| ${rule} | ${RULES[rule]} | ${names.length} | ${some.join("<br>")} |`;
  });
  return `# The rules of a Matrix call, and the tests that hold them

Made by \`npx tsx scripts/check-rules.ts --write\` from the names of the tests, of which \`npm test\` lets none fail.
At most three are shown for each rule. The rules are those of the Matrix specification's VoIP module and the MSCs
around it (P1 to P35), and what safety needs besides (P40 to P48), in our words.

| | Rule | Tests | Such as |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
