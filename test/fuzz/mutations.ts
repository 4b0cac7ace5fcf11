/** Small damage to a stretch of bytes, as a text of one character per byte. */
import type { Seeded } from './seeded.ts';

const TELLING = ['\r', '\n', '\r\n', ' ', '\t', '0', '9', '\x00', '\xff', '.', '>', '*', 'P', '-', '+', '{', '"'];

export function mutate(chance: Seeded, text: string): string {
  let mutated = text;
  for (let count = 1 + chance.below(3); count > 0; count--) mutated = mutateOnce(chance, mutated);
  return mutated;
}

function mutateOnce(chance: Seeded, text: string): string {
  if (text === '') return chance.pick(TELLING);
  const at = chance.below(text.length);
  const length = 1 + chance.below(4);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (chance.below(7)) {
    case 0:
      return before + after.slice(length);
    case 1:
      return before + chance.pick(TELLING) + after;
    case 2:
      return before + chance.pick(TELLING) + after.slice(1);
    case 3:
      return before + String.fromCharCode(chance.below(256)) + after.slice(1);
    case 4:
      return before + after.slice(0, length) + after;
    case 5:
      return before;
    default:
      return before + flipBit(after[0], chance.below(8)) + after.slice(1);
  }
}

function flipBit(character: string, bit: number): string {
  return String.fromCharCode(character.charCodeAt(0) ^ (1 << bit));
}
