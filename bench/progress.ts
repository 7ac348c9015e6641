/** Tells on standard error what is being done: on one line that changes, or, where nobody watches, one line a measure. */
export interface Progress {
  readonly begin: (what: string) => void;
  readonly say: (progress: string) => void;
  readonly end: (outcome: string) => void;
}

export function progress(stream: Pick<NodeJS.WriteStream, "isTTY" | "write" | "columns">): Progress {
  let heading = "";
  const show = (text: string) => stream.isTTY && stream.write(`\r\x1b[K${text.slice(0, stream.columns)}`);
  return {
    begin(what) {
      heading = what;
      show(heading);
    },
    say: (text) => show(`${heading}: ${text}`),
    end(outcome) {
      show("");
      stream.write(`${heading}: ${outcome}\n`);
    },
  };
}
