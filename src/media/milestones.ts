import { realClock } from "../streams/clock.ts";
import type { Milestone, MilestoneName, PathState } from "../streams/contract.ts";
import { Buffered } from "./buffered.ts";

/** What a session has reached: each milestone once, but for those of a path that is lost and comes back. */
export class Milestones {
  readonly #told = new Buffered<Milestone>();
  readonly told$ = this.#told.stream$;
  readonly #reached = new Set<MilestoneName>();
  #lost = false;

  reach(...names: readonly MilestoneName[]): void {
    for (const name of names) {
      if (this.#reached.has(name)) continue;
      this.#reached.add(name);
      this.#tell(name);
    }
  }

  restarted(): void {
    this.#tell("ice_restarted");
  }

  follow(path: PathState): void {
    if (path === "connected") {
      this.reach("ice_connected", "connected");
      if (this.#lost) this.#tell("path_back");
      this.#lost = false;
    } else if (
      !this.#lost &&
      this.#reached.has("connected") &&
      (path === "disconnected" || path === "failed")
    ) {
      this.#lost = true;
      this.#tell("path_lost");
    }
  }

  /** Another call begins, with the same devices. */
  clear(): void {
    this.#told.clear();
    this.#reached.clear();
  }

  close(): void {
    this.#told.complete();
  }

  #tell(name: MilestoneName): void {
    this.#told.next({ name, at: realClock.now() });
  }
}
