/** A media half of one's own, around another: no picture is larger than the app wants to pay for. */
import type { Capture, MediaHalf, MediaSession } from "trunkline/streams";

const SMALL = { width: 640, height: 360, frameRate: 15 };

export function smallVideo<TStream>(media: MediaHalf<TStream>): MediaHalf<TStream> {
  return {
    open: (options) => smallSession(media.open(options)),
    ...(media.warm && { warm: media.warm.bind(media) }),
  };
}

function smallSession<TStream>(session: MediaSession<TStream>): MediaSession<TStream> {
  let isOn = false;
  /** `true` for a camera that is on means that it stays as it is. */
  const limited = async <T>(capture: Capture, apply: (capture: Capture) => Promise<T>): Promise<T> => {
    const { video = isOn } = capture;
    const isNew = video && !(video === true && isOn);
    const result = await apply(
      isNew ? { ...capture, video: { ...SMALL, ...(video !== true && video) } } : capture,
    );
    isOn = video !== false;
    return result;
  };
  const own: Partial<MediaSession<TStream>> = {
    offer: (capture, options) => limited(capture, (small) => session.offer(small, options)),
    answer: (offer, capture) => limited(capture, (small) => session.answer(offer, small)),
    change: (capture, options) => limited(capture, (small) => session.change(small, options)),
  };
  // All else is the other's, whatever comes to be in the contract; a class needs its own `this`.
  return new Proxy(session, {
    get(target, name) {
      const value = Reflect.get(name in own ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
