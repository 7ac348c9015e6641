import type { Fault, RequestKind } from "../../../src/testing/transport-suite.ts";

type Fetch = typeof globalThis.fetch;

const PATHS: Record<RequestKind, RegExp> = {
  send: /\/send\//,
  sync: /\/sync$/,
  identity: /\/account\/whoami$/,
  turn_servers: /\/voip\/turnServer$/,
};

/** A `fetch` that can be told to go wrong, so that any homeserver, a real one included, seems to. */
export function faultyFetch(fetch: Fetch): { fetch: Fetch; fail(request: RequestKind, fault: Fault): void } {
  const faults: { readonly request: RequestKind; readonly fault: Fault }[] = [];

  /** The first fault that is meant for this request, which is then gone. */
  function take(path: string, isDue: (fault: Fault) => boolean): Fault | undefined {
    const index = faults.findIndex(({ request, fault }) => PATHS[request].test(path) && isDue(fault));
    return index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
  }

  return {
    async fetch(resource, init) {
      const path = new URL(resource instanceof Request ? resource.url : resource).pathname;
      const instead = take(path, (fault) => fault !== "malformed" && fault !== "lost_answer");
      if (instead !== undefined) return answer(instead);
      const response = await fetch(resource, init);
      const spoilt = take(path, (fault) => fault === "malformed" || fault === "lost_answer");
      if (spoilt === "lost_answer") throw new TypeError("the test lost the answer");
      return spoilt === "malformed" ? malformed(response) : response;
    },
    fail(request, fault) {
      faults.push({ request, fault });
    },
  };
}

function answer(fault: Fault): Response {
  if (fault === "server_error") return new Response("<h1>Bad gateway</h1>", { status: 502 });
  if (fault === "intercepted") return new Response("<h1>Authorization required</h1>", { status: 401 });
  if (fault === "locked") {
    return Response.json({ errcode: "M_USER_LOCKED", error: "Locked", soft_logout: true }, { status: 401 });
  }
  if (typeof fault === "object") {
    const body = { errcode: "M_LIMIT_EXCEEDED", error: "Too fast", retry_after_ms: 1 };
    return Response.json(body, { status: 429, headers: { "Retry-After": String(fault.retryAfter / 1_000) } });
  }
  throw new TypeError("the test cut the line");
}

const whole = { event_id: "$rubbish", sender: "@rubbish:x", type: "m.call.invite", content: {} };

/** Each is an event that must be passed over. */
const RUBBISH: readonly unknown[] = [
  null,
  17,
  "event",
  [],
  [whole],
  {},
  { ...whole, event_id: undefined },
  { ...whole, event_id: 1 },
  { ...whole, sender: null },
  { ...whole, sender: { toString: "x" } },
  { ...whole, type: ["m.call.invite"] },
  { ...whole, content: "text" },
  { ...whole, content: null },
  { ...whole, state_key: 5 },
  JSON.parse('{"__proto__": {"polluted": true}, "event_id": "$p", "type": "m.call.invite"}'),
];

const BAD_SECTIONS: readonly unknown[] = [
  null,
  1,
  "x",
  [],
  { events: null },
  { events: {} },
  { events: RUBBISH },
];

async function malformed(response: Response): Promise<Response> {
  const answer = (await response.json()) as { rooms?: { join?: Record<string, unknown>; leave?: unknown } };
  const rubbish = BAD_SECTIONS.flatMap((section, index) => [
    [`!state${index}:x`, { state: section }],
    [`!timeline${index}:x`, { timeline: section }],
    [`room ${index}`, section],
  ]);
  const proto: unknown = JSON.parse('{"__proto__": {"polluted": true, "timeline": {"events": [{}]}}}');
  const join = { ...Object.fromEntries(rubbish), ...answer.rooms?.join, ...(proto as object) };
  for (const room of Object.values(answer.rooms?.join ?? {}) as { timeline?: { events?: unknown[] } }[]) {
    room.timeline?.events?.unshift(...RUBBISH);
  }
  return Response.json({ ...answer, presence: 7, rooms: { ...answer.rooms, join, leave: "rubbish" } });
}
