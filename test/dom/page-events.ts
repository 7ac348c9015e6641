/** What a browser dispatches in the course of a page's life. */

/** happy-dom's PageTransitionEvent has no `persisted`. */
const visit = (type: "pagehide" | "pageshow", persisted: boolean) =>
  window.dispatchEvent(Object.assign(new Event(type), { persisted }));

export const page = {
  /** `kept`: the browser keeps it for a return, in its back/forward cache. */
  hide: (kept: boolean) => visit("pagehide", kept),
  /** After it was kept; `false`: for the first time. */
  show: (kept = true) => visit("pageshow", kept),
  freeze: () => document.dispatchEvent(new Event("freeze")),
  resume: () => document.dispatchEvent(new Event("resume")),
  /** The network is back. */
  online: () => window.dispatchEvent(new Event("online")),
};
