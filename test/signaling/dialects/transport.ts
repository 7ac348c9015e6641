/** A transport by which a device of ours sends as another client would. */
import { map } from "rxjs";
import {
  NEGOTIATION,
  STREAMS,
  STREAMS_CHANGED,
  UNSTABLE_STREAMS_CHANGED,
} from "../../../src/signaling/event-types.ts";
import type { MemoryTransport } from "../../../src/signaling/transports/memory.ts";
import { type Dialect, type RawEvent, UNSTABLE_STREAMS } from "./events.ts";

/** What nheko 0.11 sends differs no more than this; what it does with an `m.call.negotiate`, its peer has to do. */
export const NHEKO: Dialect = { releases: ["0.11"], version: "1", metadata: false, invitee: true };

/** Events that go out in another type, or (undefined) not at all. */
function typesOf({ version, metadata }: Dialect): Readonly<Record<string, string | undefined>> {
  return {
    [STREAMS_CHANGED]: undefined,
    ...(!metadata && { [UNSTABLE_STREAMS_CHANGED]: undefined }),
    ...(version === 0 && {
      "m.call.reject": "m.call.hangup",
      "m.call.select_answer": undefined,
      "m.call.negotiate": undefined,
    }),
  };
}

/** An event of ours as that client would send it; undefined where it does not know it. */
function inDialect(dialect: Dialect, { type, content }: RawEvent): RawEvent | undefined {
  const types = typesOf(dialect);
  const theirs = type in types ? types[type] : type;
  const { version, metadata, invitee } = dialect;
  const isAnswer = (content.description as { readonly type?: string } | undefined)?.type === "answer";
  const unknown = new Set([
    STREAMS,
    NEGOTIATION,
    ...(metadata ? [] : [UNSTABLE_STREAMS, "capabilities"]),
    ...(version === 0 ? ["party_id"] : []),
    ...(invitee ? [] : ["invitee"]),
    ...(isAnswer ? ["lifetime"] : []),
  ]);
  const known = Object.entries(content).filter(([key]) => !unknown.has(key));
  return theirs === undefined
    ? undefined
    : { type: theirs, content: { ...Object.fromEntries(known), version } };
}

/** Neither sends nor reads what Trunkline adds to the protocol. */
export function speaking(dialect: Dialect, transport: MemoryTransport): MemoryTransport {
  const batches$ = transport.batches$.pipe(
    map((batch) => ({
      ...batch,
      events: batch.events.map((event) => ({
        ...event,
        content: { ...Object(event.content), [NEGOTIATION]: undefined },
      })),
    })),
  );
  return {
    ...transport,
    batches$,
    async send(roomId, type, content, txnId) {
      const event = inDialect(dialect, { type, content: { ...content } });
      return event ? transport.send(roomId, event.type, event.content, txnId) : "$unsent";
    },
  };
}
