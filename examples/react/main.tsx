import { useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";
import { type Call, type CallStream, createPhone, type SignalingStatus } from "trunkline";
import { browserMedia } from "trunkline/media";
import { spawnSignaling } from "trunkline/worker/spawn";
import { useObservable } from "./use-observable.ts";

const { homeserver, accessToken, roomId } = Object.fromEntries(new URLSearchParams(location.search));

const phone = createPhone({
  signaling: spawnSignaling({ homeserver, accessToken }),
  media: browserMedia(),
});

const STARTING: SignalingStatus = { state: "starting" };
const NO_CALLS: readonly Call<MediaStream>[] = [];
const NO_STREAMS: readonly CallStream<MediaStream>[] = [];
const BOTH = { audio: true, video: true };

function App() {
  const status = useObservable(phone.status$, STARTING);
  const [call] = useObservable(phone.calls$, NO_CALLS);
  return (
    <main>
      <h1>{status.identity?.userId ?? "Trunkline with React"}</h1>
      {call ? (
        <PhoneCall call={call} key={call.callId} />
      ) : (
        <>
          <p role="status">{status.error?.message ?? status.state}</p>
          {roomId && status.state === "online" && (
            <button type="button" onClick={() => phone.place({ roomId, ...BOTH })}>
              Call
            </button>
          )}
        </>
      )}
    </main>
  );
}

function PhoneCall({ call }: { call: Call<MediaStream> }) {
  const state = useObservable(call.state$, "preparing");
  const peer = useObservable(call.peer$, undefined);
  const [local] = useObservable(call.localStreams$, NO_STREAMS);
  const [remote] = useObservable(call.remoteStreams$, NO_STREAMS);
  const rings = call.direction === "incoming" && state === "ringing";
  return (
    <>
      <p role="status">{[peer?.userId, state].filter(Boolean).join(", ")}</p>
      <div className="videos">
        <Video stream={remote?.stream} />
        <Video stream={local?.stream} muted />
      </div>
      <div className="buttons">
        {rings && (
          <button type="button" onClick={() => call.answer(BOTH)}>
            Answer
          </button>
        )}
        <button type="button" className="end" onClick={() => (rings ? call.reject() : call.hangup())}>
          {rings ? "Decline" : "Hang up"}
        </button>
      </div>
    </>
  );
}

function Video({ stream, muted = false }: { stream: MediaStream | undefined; muted?: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream ?? null;
  }, [stream]);
  return <video ref={video} muted={muted} autoPlay playsInline />;
}

createRoot(document.getElementById("root") as HTMLElement).render(<App />);
