/** A call's story, told by both of its sides, as the rungs of a ladder between them. Pure; drawn by others. */
import type { MilestoneName, TraceEntry } from "trunkline";

export type Side = "alice" | "bob";

/** One line of a call's story, and whose phone told it. */
export interface Told {
  readonly side: Side;
  readonly entry: TraceEntry;
}

/**
 * The five steps of a call: A offer, B the caller's candidates, C receiving and answering, D the callee's candidates,
 * E connection.
 */
export type Step = "A" | "B" | "C" | "D" | "E";

/** One line across the ladder. */
export interface Rung {
  /** `note`: something happened at the sides that have a time. `message`: an event through the room. `media`: direct. */
  readonly kind: "note" | "message" | "media";
  /** None for what comes after the connection. */
  readonly step?: Step;
  /** The step of the candidates that an invite or an answer holds. */
  readonly also?: Step;
  /** What happened, in words; of a message, its event type. */
  readonly label: string;
  /** When it happened at each side, in ms since the call was placed; of a message: left one, came to the other. */
  readonly times: Readonly<Partial<Record<Side, number>>>;
  /** Who sent the message. */
  readonly from?: Side;
  /** How many candidates the message held. */
  readonly count?: string;
  /** Why the receiver took no heed of the message. */
  readonly dropped?: string;
}

type Draft = { -readonly [Key in keyof Rung]: Rung[Key] };
type Message = Extract<TraceEntry, { kind: "message" }>;

export const OTHER: Readonly<Record<Side, Side>> = { alice: "bob", bob: "alice" };

/** What the milestones are called here, where their own names do not say it. */
const NOTES: Readonly<Partial<Record<MilestoneName, string>>> = {
  place: "call placed",
  media_opened: "devices open",
  description_made: "offer made",
  invite_acknowledged: "invite is in the room",
  ringing: "it rings",
  accept: "call accepted",
  answer_acknowledged: "answer is in the room",
  answer_received: "answer taken",
  ice_connected: "path found",
  first_media: "media, peer to peer",
  ended: "call ended",
};

/** What belongs to both sides at once, and so to one rung. */
const SHARED: ReadonlySet<MilestoneName> = new Set(["ice_connected", "connected", "first_media"]);

/** The rungs of one call, in order of time. What a side has not told yet is left open. */
export function ladder(told: readonly Told[]): readonly Rung[] {
  const story = [...told].sort((a, b) => a.entry.at - b.entry.at);
  const { caller, start } = beginningOf(story);
  const rungs: Draft[] = [];
  for (const { side, entry } of story) {
    const at = entry.at - start;
    if (entry.kind === "milestone") addMilestone(rungs, entry.name, side, side === caller, at);
    else addMessage(rungs, entry, side, caller, at);
  }
  return rungs;
}

/** Who placed the call, and when; of a story that has lost its beginning, who did not hear it ring. */
function beginningOf(story: readonly Told[]): { caller: Side; start: number } {
  const find = (name: MilestoneName) =>
    story.find(({ entry }) => entry.kind === "milestone" && entry.name === name);
  const placed = find("place");
  const rang = find("ringing");
  return {
    caller: placed?.side ?? (rang ? OTHER[rang.side] : "alice"),
    start: (placed ?? story[0])?.entry.at ?? 0,
  };
}

function addMilestone(rungs: Draft[], name: MilestoneName, side: Side, isCaller: boolean, at: number): void {
  const label =
    name === "description_made" && !isCaller ? "answer made" : (NOTES[name] ?? name.replaceAll("_", " "));
  const shared = SHARED.has(name) && rungs.find((rung) => rung.label === label);
  if (shared) {
    shared.times = { ...shared.times, [side]: at };
    return;
  }
  const step = stepOfMilestone(name, isCaller);
  const kind = name === "first_media" ? "media" : "note";
  rungs.push({ kind, label, times: { [side]: at }, ...(step && { step }) });
}

function addMessage(rungs: Draft[], message: Message, side: Side, caller: Side, at: number): void {
  const { direction, eventType, note } = message;
  const from = direction === "sent" ? side : OTHER[side];
  const sentBy = (sender: Side) =>
    rungs.filter((rung) => rung.kind === "message" && rung.label === eventType && rung.from === sender);
  const add = (more: Pick<Rung, "count" | "dropped">) => {
    const step = stepOfMessage(eventType, from === caller);
    const also = Number(more.count) > 0 && stepInside(eventType);
    rungs.push({
      kind: "message",
      label: eventType,
      from,
      times: { [side]: at },
      ...(step && { step }),
      ...(also && { also }),
      ...more,
    });
  };
  if (direction === "dropped") {
    const refused = sentBy(from).findLast((rung) => rung.times[side] !== undefined);
    const dropped = note ?? "no reason given";
    if (refused) refused.dropped = dropped;
    // What only we have sent and then drop is our own echo: no message to us.
    else if (sentBy(side).length === 0) add({ dropped });
    return;
  }
  // A room keeps the order of a sender's events: the first that is on its way is the one that came.
  const onItsWay = direction === "received" && sentBy(from).find((rung) => rung.times[side] === undefined);
  if (onItsWay) onItsWay.times = { ...onItsWay.times, [side]: at };
  else add(note === undefined ? {} : { count: note });
}

function stepOfMilestone(name: MilestoneName, isCaller: boolean): Step | undefined {
  if (name === "ended") return undefined;
  if (SHARED.has(name)) return "E";
  return isCaller && name !== "answer_received" ? "A" : "C";
}

function stepOfMessage(eventType: string, byCaller: boolean): Step | undefined {
  switch (eventType) {
    case "m.call.invite":
      return "A";
    case "m.call.candidates":
      return byCaller ? "B" : "D";
    case "m.call.answer":
    case "m.call.select_answer":
    case "m.call.reject":
      return "C";
    default:
      return undefined;
  }
}

/** A description brings the candidates that were found by then. */
function stepInside(eventType: string): Step | undefined {
  return eventType === "m.call.invite" ? "B" : eventType === "m.call.answer" ? "D" : undefined;
}

/** The steps that a call has come to. */
export const stepsOf = (rungs: readonly Rung[]): ReadonlySet<Step> =>
  new Set(rungs.flatMap(({ step, also }) => [step, also].filter((each) => each !== undefined)));
