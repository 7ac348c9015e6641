/** A moment of a call, in ms since the call was placed. */
export interface Mark {
  /** Such as `ringing`; the same words for everybody's calls. */
  readonly name: string;
  readonly by: "caller" | "callee";
  readonly at: number;
}

/** One call of each side, told by its marks, in order. */
export interface Waterfall {
  readonly ours?: readonly Mark[];
  readonly rival?: readonly Mark[];
}
