/** A source of numbers in [0, 1), handed in so that a simulation can repeat itself. */
export type Random = () => number;

// Taken from the platform; every runtime has it, no `lib` of this project names it.
declare const crypto: { getRandomValues(array: Uint32Array): Uint32Array };

/** Drawn many at a time: each request to the platform costs more than the numbers do. */
const pool = new Uint32Array(256);
let drawn = pool.length;

/** Unguessable. (`crypto.randomUUID` would be shorter, but pages on plain HTTP do not have it.) */
export const secureRandom: Random = () => {
  if (drawn === pool.length) {
    crypto.getRandomValues(pool);
    drawn = 0;
  }
  return (pool[drawn++] as number) / 2 ** 32;
};

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id for a call, a party or a transaction: 22 of `[0-9A-Za-z]`, 131 bits (P3). */
export function opaqueId(random: Random): string {
  // Joined: of pieces that are added one by one an engine keeps each.
  return Array.from({ length: 22 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join("");
}
