/** Text that only one worker can read, though every script of the origin sees it pass. */
export interface Encrypted {
  /** The sender's public key, made for this text alone. */
  readonly from: Uint8Array<ArrayBuffer>;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

const EXCHANGE = { name: "ECDH", namedCurve: "P-256" } as const;
const CIPHER = { name: "AES-GCM", length: 256 } as const;

const makeKeys = () => crypto.subtle.generateKey(EXCHANGE, false, ["deriveKey"]);

const publicOf = async ({ publicKey }: CryptoKeyPair) =>
  new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));

const agree = async (own: CryptoKeyPair, theirs: Uint8Array<ArrayBuffer>) => {
  const key = await crypto.subtle.importKey("raw", theirs, EXCHANGE, false, []);
  return crypto.subtle.deriveKey({ name: "ECDH", public: key }, own.privateKey, CIPHER, false, [
    "encrypt",
    "decrypt",
  ]);
};

/** What one worker reads: texts encrypted for `key`. `decrypt` rejects for any other. */
export async function createRecipient(): Promise<{
  readonly key: Uint8Array<ArrayBuffer>;
  decrypt(text: Encrypted): Promise<string>;
}> {
  const keys = await makeKeys();
  return {
    key: await publicOf(keys),
    async decrypt({ from, iv, data }) {
      const text = await crypto.subtle.decrypt({ ...CIPHER, iv }, await agree(keys, from), data);
      return new TextDecoder().decode(text);
    },
  };
}

/** Encrypts a text for whoever made `key`; rejects where that is no key. */
export async function encryptFor(text: string, key: Uint8Array<ArrayBuffer>): Promise<Encrypted> {
  const keys = await makeKeys();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const secret = await agree(keys, key);
  const data = await crypto.subtle.encrypt({ ...CIPHER, iv }, secret, new TextEncoder().encode(text));
  return { from: await publicOf(keys), iv, data };
}
