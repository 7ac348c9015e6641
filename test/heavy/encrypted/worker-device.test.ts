import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { afterEach, describe, expect, it } from "vitest";
import { directRoom } from "../../e2e/rooms.ts";
import { createUser } from "../../interop/accounts.ts";
import { connect, eventually, hangUp, soon } from "../../interop/meeting.ts";
import { heard } from "../../signaling/transports/client-world.ts";
import { type Member, publishedKeys } from "./cast.ts";
import { type ChatClient, startChat } from "./recovery.ts";
import { deviceOf, workerStage } from "./worker-stage.ts";

const scene = workerStage();
const chats: ChatClient[] = [];
afterEach(() => {
  for (const { client } of chats.splice(0)) client.stopClient();
});

/** A user with a chat client, and one that has their phone: another device of the same user. */
async function userWithPhone() {
  const user = await createUser(scene.all.stage.url, "alice");
  const chat = await startChat(scene.all.stage.url, await user.logIn());
  chats.push(chat);
  return { chat, phone: () => scene.member("worker", user) };
}

async function peerOf(phone: Member) {
  const user = await createUser(scene.all.stage.url, "peer");
  const device = await user.logIn();
  const chat = await startChat(scene.all.stage.url, device);
  chats.push(chat);
  const roomId = await directRoom(scene.all.stage.url, device, phone.device);
  await scene.all.encrypt(phone, roomId);
  await heard(chat.client, () => chat.client.getRoom(roomId)?.hasEncryptionStateEvent() === true);
  return { ...chat, roomId };
}

describe("the encrypted device of a phone", () => {
  it("is verified by the user's recovery key, for itself and for peers, which withhold keys from it before", async () => {
    const { chat, phone: logIn } = await userWithPhone();
    const recoveryKey = await chat.setUpRecovery();
    const phone = await logIn();
    const { verify, verification } = deviceOf(phone);
    const { client, roomId, setUpRecovery } = await peerOf(phone);
    await setUpRecovery();
    const crypto = client.getCrypto();
    const { userId, deviceId } = phone.device;
    const isSigned = async () => {
      await crypto?.getUserDeviceInfo([userId], true);
      return (await crypto?.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner;
    };
    const invite = async (callId: string) => {
      const offer = { type: "offer", sdp: "v=0" };
      const content = {
        call_id: callId,
        version: "1",
        party_id: "p",
        lifetime: 60_000,
        invitee: userId,
        offer,
      };
      await client.sendEvent(roomId, "m.call.invite" as never, content as never);
    };
    await eventually(verification).toBe("unverified");
    expect(await isSigned()).toBe(false);
    crypto?.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
    await invite("withheld");

    const another = await chat.client.getCrypto()?.createRecoveryKeyFromPassphrase();
    await expect(verify(another?.encodedPrivateKey ?? "")).rejects.toThrow("invalid_option");
    await expect(verify("EsTb 1234")).rejects.toThrow("invalid_option");
    expect(await verification()).toBe("unverified");

    await verify(recoveryKey);
    await eventually(verification).toBe("verified");
    await eventually(isSigned).toBe(true);
    await verify(recoveryKey); // twice does no harm
    await invite("shared");
    await soon("the call rings", phone.peer.rings("shared"));
    expect(await phone.peer.live()).toEqual(["shared"]);

    await scene.all.stage.reload(phone.peer, phone.device);
    await eventually(verification).toBe("verified");
  });

  it("has no identity to be verified by where its user has none", async () => {
    const { phone: logIn } = await userWithPhone();
    const { verify, verification } = deviceOf(await logIn());
    await eventually(verification).toBe("unavailable");
    const { client } = chats[0] as ChatClient;
    const key = await client.getCrypto()?.createRecoveryKeyFromPassphrase();
    await expect(verify(key?.encodedPrivateKey ?? "")).rejects.toThrow("wrong_state");
    expect(await verification()).toBe("unavailable");
  });

  it("is as it was after its page was loaded again: its keys, its calls", async () => {
    const [phone, peer] = [await scene.member("worker"), await scene.member("worker")];
    const meeting = await scene.meet(phone, peer);
    const back = { ...meeting, caller: peer.peer, callee: phone.peer, calleeId: phone.user.userId };
    await hangUp(meeting, await connect(meeting, false));
    const before = await publishedKeys(scene.all.stage.url, phone.device);
    await scene.all.stage.reload(phone.peer, phone.device);
    for (const there of [meeting, back]) await hangUp(there, await connect(there, false));
    expect(before).toBeDefined();
    expect(await publishedKeys(scene.all.stage.url, phone.device)).toEqual(before);
  });

  it("P10 rings after its page was loaded again for a call that came meanwhile", async () => {
    const [phone, peer] = [await scene.member("worker"), await scene.member("worker")];
    const { roomId, calleeId } = await scene.meet(peer, phone);
    await scene.all.stage.away(phone.peer);
    const id = await peer.peer.place({ roomId, invitee: calleeId, video: false });
    await eventually(() => scene.all.stored(peer, roomId)).toContain("m.room.encrypted");
    await scene.all.stage.reload(phone.peer, phone.device);
    await soon("the call rings", phone.peer.rings(id));
    await phone.peer.answer(id, { video: false });
    expect(await soon("the call connects", peer.peer.connects(id))).toBe("connected");
    await peer.peer.hangup(id);
  });
});
