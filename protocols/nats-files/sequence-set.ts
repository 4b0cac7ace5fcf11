/** Sequences without a message, as a tree of nodes with a bit for each. */
import type { NumberReader } from './little-numbers.ts';

const MAGIC = 22;
/** Words of 64 bits in a node, by the version. */
const WORDS: ReadonlyMap<number, number> = new Map([
  [1, 64],
  [2, 32],
]);
const HEIGHT_BYTES = 2;

export type VisitRange = (from: number, to: number) => void;

/** The ranges, ascending within a node; false where this is no such set. */
export function readSequenceSet(reader: NumberReader, visit: VisitRange): boolean {
  if (reader.byte() !== MAGIC) return false;
  const words = WORDS.get(reader.byte());
  const nodes = reader.uint32();
  reader.uint32();
  if (words === undefined || reader.isShort) return false;
  for (let node = 0; node < nodes && !reader.isShort; node++) {
    const base = reader.uint64();
    const bits = reader.take(8 * words);
    reader.take(HEIGHT_BYTES);
    if (!reader.isShort) visitNode(base, bits, visit);
  }
  return !reader.isShort;
}

function visitNode(base: number, bits: Uint8Array, visit: VisitRange): void {
  let start = -1;
  for (let bit = 0; bit <= 8 * bits.length; bit++) {
    const isSet = bit < 8 * bits.length && ((bits[bit >>> 3]! >>> (bit & 7)) & 1) === 1;
    if (isSet && start < 0) start = bit;
    if (isSet || start < 0) continue;
    visit(base + start, base + bit - 1);
    start = -1;
  }
}
