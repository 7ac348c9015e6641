import { type Observable, Subject } from "rxjs";
import { type Phone, TrunklineError } from "trunkline";
import { openAccounts } from "./accounts.ts";
import { mountDrawing } from "./drawing-view.ts";
import type { Side, Told } from "./ladder.ts";
import { mountLadder } from "./ladder-view.ts";
import type { Session } from "./matrix-api.ts";
import { part } from "./parts.ts";
import { runPhone } from "./phone-app.ts";
import { mountPhoneView } from "./phone-view.ts";
import { loadSettings, mountSettings } from "./settings.ts";
import { storyOf } from "./story.ts";

const NAMES = { alice: { us: "Alice", peer: "Bob" }, bob: { us: "Bob", peer: "Alice" } };

/** What a phone of this page signs in with. */
export interface Login extends Session {
  readonly homeserver: string;
}

/**
 * Two phones on one page, each made by `makePhone` for an account of its own. Emits the latest call's story with each
 * line that comes. What fails before there are phones is shown in their place.
 */
export function startPage(makePhone: (login: Login) => Phone<MediaStream>): Observable<readonly Told[]> {
  const views = {
    alice: mountPhoneView(part(document, "alice", HTMLElement), NAMES.alice),
    bob: mountPhoneView(part(document, "bob", HTMLElement), NAMES.bob),
  };
  const story$ = new Subject<readonly Told[]>();
  mountLadder(part(document, "ladder", HTMLElement), story$);
  mountDrawing(part(document, "drawing", HTMLElement));

  const start = async () => {
    for (const view of Object.values(views)) view.say("waiting", "Signing in…");
    const settings = await loadSettings();
    mountSettings(part(document, "settings", HTMLFormElement), settings);
    const { homeserver, roomId, ...sessions } = await openAccounts(settings);
    const open = (side: Side, invitee: string) => {
      const phone = makePhone({ homeserver, ...sessions[side] });
      views[side].showUser(sessions[side].userId);
      runPhone(phone, views[side], { names: NAMES[side], roomId, invitee });
      return phone.trace$;
    };
    storyOf({
      alice: open("alice", sessions.bob.userId),
      bob: open("bob", sessions.alice.userId),
    }).subscribe(story$);
  };

  start().catch((thrown: unknown) => {
    const help = thrown instanceof TrunklineError ? thrown : new TrunklineError("unexpected", String(thrown));
    for (const view of Object.values(views)) view.say("stopped", "Not connected", help);
  });
  return story$;
}
