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
  const own: Partial<MediaSession<TStream>> = {
    offer: (capture, options) => session.offer(small(capture), options),
    answer: (offer, capture) => session.answer(offer, small(capture)),
    change: (capture, options) => session.change(small(capture), options),
  };
  // All else is the other's, whatever comes to be in the contract; a class needs its own `this`.
  return new Proxy(session, {
    get(target, name) {
      const value = Reflect.get(name in own ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function small({ video, ...capture }: Capture): Capture {
  if (!video) return { ...capture, ...(video === false && { video }) };
  return { ...capture, video: { ...SMALL, ...(video === true ? {} : video) } };
}
