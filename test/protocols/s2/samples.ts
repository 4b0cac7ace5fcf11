/** Bytes to compress: what a broker sends, what it stores, and what is hard on a compressor. */
import type { Seeded } from '../../fuzz/seeded.ts';

const KNUTH = 2654435761;

/** A number that looks like chance and is the same everywhere. */
function scattered(index: number, bound: number): number {
  return (Math.imul(index, KNUTH) >>> 0) % bound;
}

function lines(bytes: number, line: (index: number) => string): Buffer {
  let text = '';
  for (let index = 0; text.length < bytes; index++) text += line(index);
  return Buffer.from(text, 'latin1').subarray(0, bytes);
}

/** The interest of an account as routes exchange it. */
export function interestLines(bytes: number): Buffer {
  return lines(bytes, (index) => `RS+ APP orders.${index % 100}.region-${(index * 7919) % 1000}.created\r\n`);
}

/** Messages of JSON between servers. */
export function routedMessages(bytes: number): Buffer {
  return lines(bytes, (index) => {
    const price = scattered(index, 10_000) / 100;
    const at = 1_700_000_000_000 + index * 137;
    const body = `{"id":${index},"price":${price},"customer":"c-${scattered(index, 5000)}","open":${index % 3 > 0},"at":${at}}`;
    return `RMSG APP orders.${index % 50}.new ${body.length}\r\n${body}\r\n`;
  });
}

const WORDS =
  'the broker keeps what it was given until somebody asks for it again and then tells them how often that happened'.split(
    ' ',
  );

/** Words in no order. */
export function prose(bytes: number): Buffer {
  return lines(
    bytes,
    (index) => `${WORDS[scattered(index + 1, WORDS.length)]}${scattered(index, 9) === 0 ? '.\n' : ' '}`,
  );
}

/** Records of numbers that change slowly. */
export function records(bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  for (let at = 0; at + 16 <= bytes; at += 16) {
    made.writeUInt32LE(1_700_000_000 + (at >>> 4), at);
    made.writeUInt32LE(scattered(at, 300), at + 4);
    made.writeDoubleLE(20 + scattered(at, 50) / 10, at + 8);
  }
  return made;
}

export function noise(bytes: number, chance: Seeded): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => chance.below(256)));
}

/** Runs of fresh bytes and copies from near and far, some of them long. */
export function patchwork(bytes: number, chance: Seeded): Buffer {
  const made = Buffer.alloc(bytes);
  const alphabet = chance.pick([1, 2, 4, 26, 256]);
  let at = 0;
  while (at < bytes) {
    const isCopy = at > 0 && !chance.once(3);
    const back = isCopy ? 1 + chance.below(chance.once(2) ? at : Math.min(at, 3000)) : 0;
    const length = Math.min(bytes - at, 1 + chance.below(chance.once(10) ? 20_000 : 40));
    for (const stop = at + length; at < stop; at++)
      made[at] = isCopy ? (made[at - back] as number) : chance.below(alphabet);
  }
  return made;
}
