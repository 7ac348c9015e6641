/** Two phones on one page, each with its own worker and account. */
import { Subject } from "rxjs";
import { createPhone, TrunklineError } from "trunkline";
import { browserMedia } from "trunkline/media";
import { spawnSignaling } from "trunkline/worker/spawn";
import { openAccounts } from "./accounts.ts";
import type { Side, Told } from "./ladder.ts";
import { mountLadder } from "./ladder-view.ts";
import { part } from "./parts.ts";
import { runPhone } from "./phone-app.ts";
import { mountPhoneView } from "./phone-view.ts";
import { loadSettings, mountSettings } from "./settings.ts";
import { storyOf } from "./story.ts";

const NAMES = { alice: { us: "Alice", peer: "Bob" }, bob: { us: "Bob", peer: "Alice" } };

const views = {
  alice: mountPhoneView(part(document, "alice", HTMLElement), NAMES.alice),
  bob: mountPhoneView(part(document, "bob", HTMLElement), NAMES.bob),
};

const story$ = new Subject<readonly Told[]>();
mountLadder(part(document, "ladder", HTMLElement), story$);
// For the console, and for `npm start -- --once`.
story$.subscribe((story) => Object.assign(globalThis, { story }));

async function start(): Promise<void> {
  for (const view of Object.values(views)) view.say("waiting", "Signing in…");
  const settings = await loadSettings();
  mountSettings(part(document, "settings", HTMLFormElement), settings);
  const { homeserver, roomId, ...sessions } = await openAccounts(settings);

  const open = (side: Side, invitee: string) => {
    const phone = createPhone({
      signaling: spawnSignaling({ homeserver, ...sessions[side] }),
      media: browserMedia(),
    });
    views[side].showUser(sessions[side].userId);
    runPhone(phone, views[side], { names: NAMES[side], roomId, invitee });
    // A page that goes away hangs up as well as it can.
    addEventListener("pagehide", () => phone[Symbol.dispose]());
    return phone.trace$;
  };
  storyOf({ alice: open("alice", sessions.bob.userId), bob: open("bob", sessions.alice.userId) }).subscribe(
    story$,
  );
}

start().catch((thrown: unknown) => {
  const help = thrown instanceof TrunklineError ? thrown : new TrunklineError("unexpected", String(thrown));
  for (const view of Object.values(views)) view.say("stopped", "Not connected", help);
});
