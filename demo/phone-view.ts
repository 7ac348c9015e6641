import { part } from "./parts.ts";
import type { ButtonName, Shown } from "./phone-model.ts";
import { duration, type Names } from "./words.ts";

export interface PhoneView {
  render(shown: Shown): void;
  /** For what happens before there is a phone. */
  say(mood: "waiting" | "stopped", headline: string, help?: Shown["help"]): void;
  showUser(userId: string): void;
  /** Does something when the button is pressed; the buttons are shown by `render`. */
  on(name: ButtonName, press: () => void): void;
}

/** How the two on/off buttons are called, off and on. */
const TOGGLES = { microphone: ["Mute", "Unmute"], camera: ["Camera off", "Camera on"] } as const;

/** Fills an empty element with a phone, made from the page's template. */
export function mountPhoneView(root: HTMLElement, { us, peer }: Names): PhoneView {
  const template = document.querySelector<HTMLTemplateElement>("template#phone");
  if (template) root.append(template.content.cloneNode(true));
  const find = (name: string) => part(root, name, HTMLElement);
  const text = (name: string, words: string) => {
    // Written only where it changes, for a screen reader reads what is written.
    if (find(name).textContent !== words) find(name).textContent = words;
  };
  const videos = {
    local: part(root, "local", HTMLVideoElement),
    remote: part(root, "remote", HTMLVideoElement),
  };
  // A cloned template does not keep the attribute's meaning.
  for (const video of Object.values(videos)) video.muted = true;
  const buttons = [...root.querySelectorAll<HTMLButtonElement>("button[data-button]")];
  let ticking: ReturnType<typeof setInterval> | undefined;

  root.tabIndex = -1;
  text("name", us);
  text("initial", us.charAt(0));
  text("peerInitial", peer.charAt(0));
  text("peerMicrophone", `${peer}’s microphone is off`);
  text("peerCamera", `${peer}’s camera is off`);

  const sound = part(root, "sound", HTMLButtonElement);
  sound.addEventListener("click", () => {
    videos.remote.muted = !videos.remote.muted;
    showSound();
  });
  const showSound = () => {
    const off = videos.remote.muted;
    sound.setAttribute("aria-pressed", String(!off));
    text("soundLabel", off ? "Sound is off" : "Sound is on");
  };
  showSound();

  /** The clock runs for as long as the call is live. */
  const showClock = (live: boolean) => {
    if (live === (ticking !== undefined)) return;
    clearInterval(ticking);
    ticking = undefined;
    text("clock", live ? duration(0) : "");
    if (!live) return;
    const since = performance.now();
    ticking = setInterval(() => text("clock", duration((performance.now() - since) / 1_000)), 500);
  };

  const showHelp = (help: Shown["help"]) => {
    find("help").hidden = !help;
    text("helpText", help?.message ?? "");
    text("helpCode", help?.code ?? "");
  };

  const showButtons = (shown: readonly ButtonName[]) => {
    const focused = buttons.find((button) => button === document.activeElement);
    for (const button of buttons) button.hidden = !shown.some((name) => name === button.dataset.button);
    // Who uses the keyboard stays in this phone, but on no button: another press must not hang up.
    if (focused?.hidden) root.focus();
  };

  return {
    render(shown) {
      root.dataset.mood = shown.mood;
      text("headline", shown.headline);
      showHelp(shown.help);
      showButtons(shown.buttons);
      play(videos.local, shown.local);
      play(videos.remote, shown.remote);
      videos.local.hidden = !shown.localPicture;
      videos.remote.classList.toggle("hidden", !shown.remotePicture);
      find("peerMicrophone").hidden = !shown.peerMuted.audio;
      find("peerCamera").hidden = !shown.peerMuted.video;
      sound.hidden = shown.mood !== "live";
      for (const [name, off] of [
        ["microphone", shown.muted.audio],
        ["camera", shown.muted.video],
      ] as const) {
        const button = buttons.find((each) => each.dataset.button === name);
        button?.classList.toggle("off", off);
        text(`${name}Label`, TOGGLES[name][off ? 1 : 0]);
      }
      showClock(shown.mood === "live");
    },
    say(mood, headline, help) {
      root.dataset.mood = mood;
      text("headline", headline);
      showHelp(help);
    },
    showUser: (userId) => text("user", userId),
    on(name, press) {
      buttons.find((button) => button.dataset.button === name)?.addEventListener("click", press);
    },
  };
}

/** Shows the stream; the same one goes on undisturbed. */
function play(video: HTMLVideoElement, stream: MediaStream | undefined): void {
  if (video.srcObject === (stream ?? null)) return;
  video.srcObject = stream ?? null;
  // Not by the attribute: browsers let that wait until the picture is scrolled into view. It rejects where another
  // stream, or none, takes the place of this one.
  if (stream) video.play().catch(() => {});
}
