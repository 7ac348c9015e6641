/** As browsers have it: not made but by a policy, and no string. */
export class TrustedScriptURL {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  get [Symbol.toStringTag]() {
    return "TrustedScriptURL";
  }

  toString(): string {
    return this.#url;
  }

  toJSON(): string {
    return this.#url;
  }
}
