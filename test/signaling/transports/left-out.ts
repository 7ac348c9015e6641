/** What the transport suite cannot show of some transports, by what they lack: the same names for all of them. */

/** Its requests, its sync and its device are its own, as an app's client's are not. */
export const ofItsOwn = [
  "asks who we are again where that was refused for now",
  "asks again who we are where that failed",
  "P43 passes over malformed events",
  "refuses a device that has published encryption keys",
  "tells a wrong address",
];

/** A homeserver that can be made to fail. */
export const ofFaults = [
  "survives a sync that fails at the start",
  "P30 rejects with rate_limited and how long to wait, and the same transaction goes through then",
  "rejects with server_error where the homeserver fails",
  "takes a refusal from something in between for a failure that passes, not for a log-out",
  "takes a locked account for one that will be unlocked",
];
