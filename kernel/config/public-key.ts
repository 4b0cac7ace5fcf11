/** Telling a NATS public key from a mistyped one, without any cryptography: its letters carry a checksum. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const KEY_LENGTH = 56;
const KEY_BYTES = 35;

/** `role` is the letter such a key begins with: `A` for an account, `U` for a user, `O` for an operator. */
export function isPublicKey(text: string, role: string): boolean {
  if (text.length !== KEY_LENGTH || !text.startsWith(role)) return false;
  const bytes = decodeBase32(text);
  if (bytes === null) return false;
  const body = bytes.subarray(0, KEY_BYTES - 2);
  return checksum(body) === bytes[KEY_BYTES - 2]! + bytes[KEY_BYTES - 1]! * 256;
}

function decodeBase32(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return null;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((buffer >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** CRC-16 with the polynomial x^16 + x^12 + x^5 + 1. */
function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
