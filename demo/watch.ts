/** Put into a page before its own scripts: counts what its connections receive, without asking the page. */
const connections: RTCPeerConnection[] = [];

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

export interface Received {
  readonly videoFrames: number;
  readonly audioPackets: number;
}

/** What each connection has received so far, in the order in which they were made. */
function received(): Promise<readonly Received[]> {
  return Promise.all(connections.map(count));
}

async function count(connection: RTCPeerConnection): Promise<Received> {
  const sums = { videoFrames: 0, audioPackets: 0 };
  for (const report of (await connection.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "audio") sums.audioPackets += report.packetsReceived;
    else sums.videoFrames += report.framesDecoded;
  }
  return sums;
}

export const watch = { received };

Object.assign(globalThis, { watch });
