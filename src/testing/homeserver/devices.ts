import * as v from "valibot";
import { type App, authenticate, CLIENT, type Server } from "./app.ts";
import { jsonObject, readBody } from "./body.ts";
import { badJson } from "./error.ts";
import { type Device, deliver } from "./store.ts";

const KeyQuery = v.object({ device_keys: v.record(v.string(), v.array(v.string())) });

const KeyUpload = v.object({
  device_keys: v.optional(jsonObject),
  one_time_keys: v.optional(jsonObject),
});

const ToDevice = v.object({ messages: v.record(v.string(), v.record(v.string(), jsonObject)) });

/** Device keys, as far as one can tell from them who encrypts, and messages from device to device. */
export function deviceRoutes(app: App, server: Server): void {
  const { store } = server;

  app.post(`${CLIENT}/keys/query`, async (ask) => {
    authenticate(ask, server);
    const { device_keys } = await readBody(ask.req, KeyQuery);
    const found = Object.entries(device_keys).map(([userId, wanted]) => {
      const devices = [...(store.users.get(userId)?.devices.values() ?? [])];
      const chosen = devices.filter((device) => wanted.length === 0 || wanted.includes(device.id));
      const keys = chosen.flatMap((device) => (device.keys ? [[device.id, device.keys] as const] : []));
      return [userId, Object.fromEntries(keys)] as const;
    });
    return ask.json({
      device_keys: Object.fromEntries(found),
      failures: {},
      master_keys: {},
      self_signing_keys: {},
      user_signing_keys: {},
    });
  });

  app.post(`${CLIENT}/keys/upload`, async (ask) => {
    const device = authenticate(ask, server);
    const { device_keys, one_time_keys } = await readBody(ask.req, KeyUpload);
    if (device_keys) {
      if (device_keys.user_id !== device.user.id || device_keys.device_id !== device.id) {
        throw badJson("'device_keys' are of another user or device than the access token");
      }
      device.keys = device_keys;
    }
    for (const id of Object.keys(one_time_keys ?? {})) device.oneTimeKeys.add(id);
    return ask.json({ one_time_key_counts: oneTimeKeyCounts(device) });
  });

  app.put(`${CLIENT}/sendToDevice/:type/:transaction`, async (ask) => {
    const device = authenticate(ask, server);
    const { type, transaction } = ask.req.param();
    const { messages } = await readBody(ask.req, ToDevice);
    const name = JSON.stringify(["to_device", type, transaction]);
    if (!device.transactions.has(name)) {
      device.transactions.set(name, {});
      for (const [userId, byDevice] of Object.entries(messages)) {
        for (const [deviceId, content] of Object.entries(byDevice)) {
          const message = { type, sender: device.user.id, content };
          for (const recipient of recipients(userId, deviceId)) deliver(store, recipient, message);
        }
      }
    }
    return ask.json({});
  });

  function recipients(userId: string, deviceId: string): Device[] {
    const devices = store.users.get(userId)?.devices;
    if (deviceId === "*") return [...(devices?.values() ?? [])];
    const device = devices?.get(deviceId);
    return device ? [device] : [];
  }
}

/** How many keys are left of each algorithm. Synapse always names this one, and clients rely on it. */
export function oneTimeKeyCounts(device: Device): Record<string, number> {
  return {
    signed_curve25519: [...device.oneTimeKeys].filter((id) => id.startsWith("signed_curve25519:")).length,
  };
}
