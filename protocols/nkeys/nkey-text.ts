/** How NATS writes keys as text: base32 of a kind, 32 bytes of key, and a checksum. */

/** The first byte decides the first letter. */
export const NkeyKind = {
  seed: 18 << 3,
  privateKey: 15 << 3,
  operator: 14 << 3,
  account: 0,
  user: 20 << 3,
  server: 13 << 3,
  cluster: 2 << 3,
  curve: 23 << 3,
} as const;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LETTER_BITS = 5;
const KEY_BYTES = 32;
const PUBLIC_KINDS: ReadonlySet<number> = new Set([
  NkeyKind.operator,
  NkeyKind.account,
  NkeyKind.user,
  NkeyKind.server,
  NkeyKind.cluster,
  NkeyKind.curve,
]);

export function encodePublicKey(kind: number, key: Uint8Array): string {
  return withChecksum([kind, ...key]);
}

/** A seed says two things: that it is one, and of what kind of key. */
export function encodeSeed(kind: number, seed: Uint8Array): string {
  return withChecksum([NkeyKind.seed | (kind >> 5), (kind & 31) << 3, ...seed]);
}

/** Kind and key of a public key's text; null when it is none. */
export function decodePublicKey(text: string): { kind: number; key: Uint8Array } | null {
  const bytes = decodeChecked(text);
  if (bytes === null || bytes.length !== 1 + KEY_BYTES || !PUBLIC_KINDS.has(bytes[0])) return null;
  return { kind: bytes[0], key: bytes.subarray(1) };
}

/** Kind and 32-byte seed of a seed's text; null when it is none. */
export function decodeSeed(text: string): { kind: number; seed: Uint8Array } | null {
  const bytes = decodeChecked(text);
  if (bytes === null || bytes.length !== 2 + KEY_BYTES || (bytes[0] & 0xf8) !== NkeyKind.seed) return null;
  return { kind: ((bytes[0] & 7) << 5) | (bytes[1] >> 3), seed: bytes.subarray(2) };
}

function withChecksum(bytes: number[]): string {
  const sum = crc16(bytes);
  return base32([...bytes, sum & 0xff, sum >> 8]);
}

function decodeChecked(text: string): Uint8Array | null {
  const bytes = fromBase32(text);
  if (bytes === null || bytes.length < 3) return null;
  const body = bytes.subarray(0, -2);
  return crc16(body) === (bytes[bytes.length - 2] | (bytes[bytes.length - 1] << 8)) ? body : null;
}

/** RFC 4648, without padding. */
export function base32(bytes: ArrayLike<number>): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let at = 0; at < bytes.length; at++) {
    held = ((held << 8) | bytes[at]) & 0xffff;
    for (bits += 8; bits >= LETTER_BITS; bits -= LETTER_BITS) text += ALPHABET[(held >> (bits - LETTER_BITS)) & 31];
  }
  return bits === 0 ? text : text + ALPHABET[(held << (LETTER_BITS - bits)) & 31];
}

/** Null also for another way to write the same bytes: two texts must never stand for one key. */
function fromBase32(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * LETTER_BITS) / 8));
  let count = 0;
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return null;
    held = ((held << LETTER_BITS) | value) & 0xffff;
    bits += LETTER_BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes[count++] = (held >> bits) & 0xff;
  }
  const isLastLetterNeeded = bits < LETTER_BITS;
  const isRestEmpty = (held & ((1 << bits) - 1)) === 0;
  return isLastLetterNeeded && isRestEmpty ? bytes : null;
}

function crc16(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) {
    sum ^= bytes[at] << 8;
    for (let bit = 0; bit < 8; bit++) sum = ((sum & 0x8000) === 0 ? sum << 1 : (sum << 1) ^ 0x1021) & 0xffff;
  }
  return sum;
}
