/**
 * Encryption of frames: one random key per segment or block, itself encrypted under a key that is derived from the configured one and
 * the store's identity. A frame's number is its nonce; no key ever sees a number twice, because whoever might write one again, after
 * a crash or a failure, begins a new segment with a new key.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { TAG_BYTES } from './journal/frame-format.ts';
import { putU64, viewOf } from './numbers.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
export const CIPHER_NUMBERS = { aes: 1, chacha: 2 } as const;
export type CipherName = keyof typeof CIPHER_NUMBERS;
const ALGORITHMS = { 1: 'aes-256-gcm', 2: 'chacha20-poly1305' } as const;
type CipherNumber = keyof typeof ALGORITHMS;

/** What was sealed under the key does not open: it is damaged, or the key is another one. */
export class SealBroken extends Error {}

export class FrameCipher {
  readonly cipherNumber: CipherNumber;
  /** Its key is written beside the frames under the previous key, and not the present one. */
  readonly isPrevious: boolean;
  private readonly key: Uint8Array;

  constructor(cipherNumber: CipherNumber, key: Uint8Array, isPrevious = false) {
    this.cipherNumber = cipherNumber;
    this.key = key;
    this.isPrevious = isPrevious;
  }

  /** The encrypted body and its tag. */
  seal(body: Uint8Array, header: Uint8Array, number: number): Uint8Array {
    return seal(this.cipherNumber, this.key, nonceOf(number), header, body);
  }

  /** Throws `SealBroken`. */
  open(sealed: Uint8Array, header: Uint8Array, number: number): Uint8Array {
    return open(this.cipherNumber, this.key, nonceOf(number), header, sealed);
  }
}

export interface KeyOptions {
  /** Null: nothing new is encrypted. */
  key: Uint8Array | null;
  /** What older files are encrypted under. */
  previousKey: Uint8Array | null;
  cipher: CipherName;
}

interface FreshKey {
  readonly cipher: FrameCipher;
  /** What is written beside the frames. */
  readonly wrapped: Uint8Array;
}

/** The keys of a store. */
export class StoreKeys {
  private readonly cipherNumber: CipherNumber;
  /** From the present key and the previous one. */
  private readonly wrapping: Uint8Array | null;
  private readonly previousWrapping: Uint8Array | null;
  private readonly random: (count: number) => Uint8Array;

  constructor(options: KeyOptions, uuid: Uint8Array, random: (count: number) => Uint8Array) {
    this.cipherNumber = CIPHER_NUMBERS[options.cipher];
    this.wrapping = options.key === null ? null : derive(options.key, uuid);
    this.previousWrapping = options.previousKey === null ? null : derive(options.previousKey, uuid);
    this.random = random;
  }

  /** A new key, for the file that `place` describes and no other; null when nothing is encrypted any more. */
  fresh(place: Uint8Array): FreshKey | null {
    if (this.wrapping === null) return null;
    const key = this.random(KEY_BYTES);
    const nonce = this.random(NONCE_BYTES);
    const wrapped = new Uint8Array(NONCE_BYTES + KEY_BYTES + TAG_BYTES);
    wrapped.set(nonce);
    wrapped.set(seal(CIPHER_NUMBERS.aes, this.wrapping, nonce, place, key), NONCE_BYTES);
    return { cipher: new FrameCipher(this.cipherNumber, key), wrapped };
  }

  /** What was encrypted like that needs no rewriting. */
  isCurrent(cipher: FrameCipher | null): boolean {
    if (this.wrapping === null || cipher === null) return this.wrapping === null && cipher === null;
    return !cipher.isPrevious && cipher.cipherNumber === this.cipherNumber;
  }

  /** The key that was written beside frames, by the present key or the previous one. Throws `SealBroken`. */
  unwrap(cipherNumber: number, wrapped: Uint8Array, place: Uint8Array): FrameCipher {
    if (!(cipherNumber in ALGORITHMS)) throw new SealBroken(`there is no cipher number ${cipherNumber}`);
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    const sealed = wrapped.subarray(NONCE_BYTES, NONCE_BYTES + KEY_BYTES + TAG_BYTES);
    const under = (wrapping: Uint8Array) => {
      const key = open(CIPHER_NUMBERS.aes, wrapping, nonce, place, sealed);
      return new FrameCipher(cipherNumber as CipherNumber, key, wrapping !== this.wrapping);
    };
    const [first, second] = [this.wrapping ?? this.previousWrapping, this.previousWrapping];
    if (first === null) throw new SealBroken('there is no key');
    if (second === null || first === second) return under(first);
    try {
      return under(first);
    } catch {
      return under(second);
    }
  }
}

function derive(key: Uint8Array, uuid: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, uuid, 'gnatlet store', KEY_BYTES));
}

function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  putU64(viewOf(nonce), 4, number);
  return nonce;
}

function seal(
  cipher: CipherNumber,
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  const machine = createCipheriv(ALGORITHMS[cipher] as 'aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  machine.setAAD(header);
  return Buffer.concat([machine.update(body), machine.final(), machine.getAuthTag()]);
}

function open(
  cipher: CipherNumber,
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const machine = createDecipheriv(ALGORITHMS[cipher] as 'aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw new SealBroken('there is no room for a seal');
  try {
    machine.setAAD(header);
    machine.setAuthTag(sealed.subarray(end));
    return Buffer.concat([machine.update(sealed.subarray(0, end)), machine.final()]);
  } catch (cause) {
    throw new SealBroken('what was encrypted does not open: it is damaged, or the key is another one', { cause });
  }
}
