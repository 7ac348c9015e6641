/** Work on something that bears only one piece of work at a time: first come, first done. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as the work does; the next in line starts whatever became of it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
