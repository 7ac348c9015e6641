import { vi } from "vitest";

/**
 * Makes this thread a page that can be left and shown again, until `vi.unstubAllGlobals()`. Whoever is to hear of it has
 * to subscribe after this.
 */
export function stubPage() {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  const dispatch = (type: string, persisted: boolean) =>
    page.dispatchEvent(Object.assign(new Event(type), { persisted }));
  return {
    /** `kept`: the browser keeps it for a return. */
    hide: (kept: boolean) => dispatch("pagehide", kept),
    show: () => dispatch("pageshow", true),
  };
}
