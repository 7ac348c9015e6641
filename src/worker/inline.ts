import { source } from "./entry-source.ts";
import { asUrl, type TrustedScriptUrl } from "./script-url.ts";

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): TrustedScriptUrl };
}

/** Made once: a page may have only one of a name. */
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** The URL as it is, where the browser does not know trusted types. */
function trust(url: string): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy("trunkline", { createScriptURL: (own) => own });
  return policy ? asUrl(policy.createScriptURL(url)) : url;
}

/**
 * Makes a worker whose script is in this module, so that there is no URL to serve: for bundlers that do not know
 * `new Worker(new URL(…))`. Give it as an option: `spawnSignaling({ …, worker: inlineWorker })`. The page's CSP has to
 * allow `worker-src blob:`, and the policy `trunkline` where it says `trusted-types`.
 */
export function inlineWorker(): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return new Worker(trust(url), { type: "module", name: "trunkline-signaling" });
  } finally {
    // The worker has what is behind it from the moment that it is made.
    URL.revokeObjectURL(url);
  }
}
