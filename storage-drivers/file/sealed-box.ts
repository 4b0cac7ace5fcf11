/** A small file that is written and read as a whole: checksum, and encryption where there is a key. */
import { checksum } from '../derived/checksum.ts';
import type { StoreKeys } from './frame-cipher.ts';
import { viewOf } from './numbers.ts';

const MAGIC = 0x31424e47;
const VERSION = 1;
const WRAPPED_AT = 24;
const LENGTH_AT = 84;
const SUM_AT = 88;
const HEADER_BYTES = 92;

/** `place` says which file it is, so that none passes for another. */
export function sealBox(content: Uint8Array, place: Uint8Array, uuid: Uint8Array, keys: StoreKeys | null): Uint8Array {
  const fresh = keys?.fresh(place) ?? null;
  const body = fresh === null ? content : fresh.cipher.seal(content, place, 0);
  const box = new Uint8Array(HEADER_BYTES + body.length);
  const view = viewOf(box);
  view.setUint32(0, MAGIC, true);
  box[4] = VERSION;
  box[5] = fresh?.cipher.cipherNumber ?? 0;
  box.set(uuid, 8);
  if (fresh !== null) box.set(fresh.wrapped, WRAPPED_AT);
  view.setUint32(LENGTH_AT, body.length, true);
  box.set(body, HEADER_BYTES);
  view.setUint32(SUM_AT, boxChecksum(box, place), true);
  return box;
}

/** What is in it; null when it is damaged, another file's, or under another key. */
export function openBox(
  box: Uint8Array,
  place: Uint8Array,
  uuid: Uint8Array,
  keys: StoreKeys | null,
): Uint8Array | null {
  if (box.length < HEADER_BYTES) return null;
  const view = viewOf(box);
  if (view.getUint32(0, true) !== MAGIC || box[4] !== VERSION) return null;
  if (view.getUint32(LENGTH_AT, true) !== box.length - HEADER_BYTES) return null;
  if (view.getUint32(SUM_AT, true) !== boxChecksum(box, place)) return null;
  if (!uuid.every((byte, index) => box[8 + index] === byte)) return null;
  const body = box.subarray(HEADER_BYTES);
  if (box[5] === 0) return body;
  try {
    return keys?.unwrap(box[5]!, box.slice(WRAPPED_AT, LENGTH_AT), place).open(body, place, 0) ?? null;
  } catch {
    return null;
  }
}

/** Whether it is encrypted, or not, as it would be if it were written now. It was opened before. */
export function isCurrentBox(box: Uint8Array, place: Uint8Array, keys: StoreKeys | null): boolean {
  if (keys === null) return box[5] === 0;
  return keys.isCurrent(box[5] === 0 ? null : keys.unwrap(box[5]!, box.slice(WRAPPED_AT, LENGTH_AT), place));
}

function boxChecksum(box: Uint8Array, place: Uint8Array): number {
  const first = checksum(box, 0, SUM_AT, checksum(place, 0, place.length));
  return checksum(box, HEADER_BYTES, box.length, first);
}
