/**
 * What the web calls a `TrustedScriptURL`: what a page has to load scripts by whose Content-Security-Policy says
 * `require-trusted-types-for 'script'`. Made by a policy of the app's, and handed to the browser as it is.
 */
export interface TrustedScriptUrl {
  toJSON(): string;
  toString(): string;
}

/** The address of a script. */
export type ScriptUrl = string | URL | TrustedScriptUrl;

/** Whether this may be the address of a script: a worker, a port, or a plain object is none. */
export const isScriptUrl = (value: unknown): value is ScriptUrl =>
  (typeof value === "string" || (typeof value === "object" && value !== null)) &&
  !/^$|^\[object /.test(String(value));

/** As the constructors of workers take it; the types of the DOM do not know of trusted ones. */
export const asUrl = (script: ScriptUrl): string => script as string;
