import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBlock, decodedLength, encodeBlock } from '../../../protocols/s2/block.ts';
import { decodeElements, measureElements } from '../../../protocols/s2/block-decoder.ts';
import { S2_LEVELS } from '../../../protocols/s2/levels.ts';
import { memoryOf } from '../../../protocols/s2/memory.ts';
import { S2Error, type S2Reason } from '../../../protocols/s2/problem.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { interestLines, noise, patchwork, prose, records, routedMessages } from './samples.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const letters = (length: number): string =>
  'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(length / 26)).slice(0, length);
const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const LIMIT = 1 << 24;

/** Every kind of element, and what it stands for. */
const TABLE: [name: string, block: string, decoded: string][] = [
  ['nothing', '00', ''],
  ['a literal of one byte', '01 00 61', 'a'],
  ['a literal of 60 bytes', `3c ec ${hexOf(letters(60))}`, letters(60)],
  ['a literal of 61 bytes, its length in one', `3d f0 3c ${hexOf(letters(61))}`, letters(61)],
  ['a literal whose length takes more bytes than it needs', '03 fc 02000000 616263', 'abc'],
  ['a literal with its length in two', `ac02 f4 2b01 ${hexOf(letters(300))}`, letters(300)],
  ['a literal with its length in three', `03 f8 020000 616263`, 'abc'],
  ['two literals', '04 04 6162 04 6364', 'abcd'],
  ['a near copy of 4', '08 0c 61626364 01 04', 'abcdabcd'],
  ['a near copy of 11', '0f 0c 61626364 1d 04', 'abcdabcdabcdabc'],
  ['a copy of one byte', '05 0c 61626364 02 0400', 'abcda'],
  ['a copy of 64 from one byte back', '41 00 61 fe 0100', 'a'.repeat(65)],
  ['a far copy', '08 0c 61626364 0f 04000000', 'abcdabcd'],
  ['copies from two and three bytes back', '10 04 6162 11 02 02 0300 05 03', 'abababababbabbab'],
  ['a length that takes five bytes', '8180808000 00 61', 'a'],
  ['a repeat of 4', '0c 0c 61626364 01 04 01 00', 'abcdabcdabcd'],
  ['a repeat of 8', '10 0c 61626364 01 04 11 00', 'abcdabcdabcdabcd'],
  ['a repeat after a literal', '0e 0c 61626364 01 04 04 7879 01 00', 'abcdabcdxycdxy'],
  ['a repeat of 8 with its length in one byte', '10 0c 61626364 01 04 15 00 00', 'abcdabcdabcdabcd'],
  ['a repeat of 263', '8902 00 61 02 0100 15 00 ff', 'a'.repeat(265)],
  ['a repeat of 260 with its length in two bytes', '8602 00 61 02 0100 19 00 0000', 'a'.repeat(262)],
  ['a repeat of 65795', '858204 00 61 02 0100 19 00 ffff', 'a'.repeat(65_797)],
  ['a repeat of 65540 with its length in three bytes', '868004 00 61 02 0100 1d 00 000000', 'a'.repeat(65_542)],
];

test('every kind of element is read', () => {
  for (const [name, block, decoded] of TABLE) {
    assert.is(decodeBlock(hex(block), LIMIT).toString('latin1'), decoded, name);
  }
});

const MALFORMED: [name: string, block: string, reason: S2Reason][] = [
  ['no bytes at all', '', 'length-malformed'],
  ['a length without an end', '8080', 'length-malformed'],
  ['a length of 33 bits', '8080808010', 'length-malformed'],
  ['a length of six bytes', '808080808000', 'length-malformed'],
  ['more than is allowed', '8180808001', 'block-too-large'],
  ['bytes after nothing', '00 00 61', 'block-overflow'],
  ['no elements', '01', 'block-incomplete'],
  ['a literal that is cut short', '04 0c 6162', 'block-truncated'],
  ['a literal without its length', '04 f4 01', 'block-truncated'],
  ['a literal longer than the block', '01 04 6162', 'block-overflow'],
  ['a literal of 4 GiB', '04 fc ffffffff 61626364', 'block-truncated'],
  ['a near copy without its offset', '08 0c 61626364 01', 'block-truncated'],
  ['a copy without half of its offset', '08 0c 61626364 0e 04', 'block-truncated'],
  ['a far copy without a part of its offset', '08 0c 61626364 0f 040000', 'block-truncated'],
  ['a repeat without its length', '10 0c 61626364 01 04 15 00', 'block-truncated'],
  ['a copy from before the beginning', '08 0c 61626364 01 05', 'offset-out-of-range'],
  ['a copy from nowhere', '08 0c 61626364 0e 0000', 'offset-out-of-range'],
  ['a far copy from 4 GiB back', '08 0c 61626364 0f ffffffff', 'offset-out-of-range'],
  ['a copy before anything else', '04 0e 0100', 'offset-out-of-range'],
  ['a repeat before any copy', '08 0c 61626364 01 00', 'offset-out-of-range'],
  ['a copy longer than the block', '05 0c 61626364 01 04', 'block-overflow'],
  ['less than it says', '09 0c 61626364 01 04', 'block-incomplete'],
];

function reasonOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'none';
  } catch (error) {
    return error instanceof S2Error ? error.reason : String(error);
  }
}

test('what is malformed is refused with its reason', () => {
  for (const [name, block, reason] of MALFORMED) {
    assert.is(
      reasonOf(() => decodeBlock(hex(block), LIMIT)),
      reason,
      name,
    );
  }
});

test('the decoder does not rely on having measured before', () => {
  for (const [name, block, reason] of MALFORMED) {
    const bytes = hex(block);
    if (reason === 'length-malformed' || reason === 'block-too-large') continue;
    const target = Buffer.alloc(64, 0x2e);
    assert.is(decodeElements(memoryOf(bytes), 1, bytes.length, memoryOf(target), 8, 8 + bytes[0]!), reason, name);
    assert.is(target.subarray(0, 8).toString(), '........', name);
    assert.is(target.subarray(8 + bytes[0]!).toString(), '.'.repeat(56 - bytes[0]!), `${name}: what lies behind`);
  }
});

test('the limit of what a block may decode to is exact', () => {
  const block = encodeBlock(Buffer.alloc(1000));
  assert.is(decodedLength(block), 1000);
  assert.is(decodeBlock(block, 1000).length, 1000);
  assert.is(
    reasonOf(() => decodeBlock(block, 999)),
    'block-too-large',
  );
});

test('a claim of four gigabytes asks for no memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  const block = Buffer.concat([hex('ffffffff0f'), encodeBlock(prose(1000)).subarray(2)]);
  assert.is(
    reasonOf(() => decodeBlock(block, 2 ** 32)),
    'block-incomplete',
  );
  assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
});

test('what is compressed comes back, at every level and of every kind', () => {
  const chance = new Seeded(chosenSeed());
  const lengths = [0, 1, 15, 16, 17, 59, 60, 61, 62, 255, 256, 257, 65_535, 65_536, 65_537, 200_000];
  const made = [
    ...lengths.map((length) => prose(length)),
    ...lengths.map((length) => Buffer.alloc(length)),
    ...Array.from({ length: 60 }, () => patchwork(chance.below(chance.pick([50, 3000, 150_000])), chance)),
    noise(5000, chance),
    interestLines(70_000),
    routedMessages(70_000),
    records(70_000),
  ];
  for (const [index, source] of made.entries()) {
    for (const level of S2_LEVELS) {
      for (const isSnappy of [false, true]) {
        const name = `seed ${chance.seed}, sample ${index}, ${level}, ${isSnappy ? 'Snappy' : 'S2'}`;
        const block = encodeBlock(source, { level, isSnappy });
        assert.ok(block.length <= source.length + 10, name);
        assert.ok(decodeBlock(block, source.length).equals(source), name);
        if (isSnappy) assert.is(repeatsIn(block), 0, name);
      }
    }
  }
});

test('bytes in the middle of other memory are compressed alone', () => {
  const around = new Uint8Array(Buffer.concat([prose(100), prose(5000), prose(100)]));
  const block = encodeBlock(around.subarray(100, 5100));
  assert.ok(decodeBlock(new Uint8Array(block), 5000).equals(prose(5000)));
});

test('lengths beyond 24 bits come back', () => {
  const chance = new Seeded(1);
  const source = Buffer.concat([noise(100, chance), Buffer.alloc(2 ** 24 + 70_000), noise(100, chance)]);
  const block = encodeBlock(source);
  assert.ok(block.length < 1000);
  assert.ok(decodeBlock(block, source.length).equals(source));
  const stored = encodeBlock(source, { level: 'uncompressed' });
  assert.ok(decodeBlock(stored, source.length).equals(source));
});

test('damage never does more than be refused', () => {
  const chance = new Seeded(chosenSeed());
  for (let round = 0; round < 3000; round++) {
    const source = patchwork(1 + chance.below(400), chance);
    const block = encodeBlock(source, { level: chance.pick(S2_LEVELS) });
    for (let hits = 1 + chance.below(3); hits > 0; hits--) block[chance.below(block.length)] = chance.below(256);
    const cut = block.subarray(0, chance.once(3) ? chance.below(block.length) : block.length);
    const reason = reasonOf(() => decodeBlock(cut, 100_000));
    assert.match(reason, /^[a-z-]+$/, `seed ${chance.seed}, round ${round}`);
  }
});

test('measuring agrees with decoding', () => {
  for (const [name, block, decoded] of TABLE) {
    const bytes = hex(block);
    const length = decodedLength(bytes);
    let from = 0;
    while (bytes[from]! >= 0x80) from++;
    assert.is(measureElements(bytes, from + 1, bytes.length), length, name);
    assert.is(length, decoded.length, name);
  }
});

/** Walks over the elements and counts what Snappy does not know. */
function repeatsIn(block: Buffer): number {
  let at = 0;
  while (block[at]! >= 0x80) at++;
  let repeats = 0;
  for (at++; at < block.length; ) {
    const tag = block[at]!;
    const upper = tag >>> 2;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, upper - 59);
      at += 1 + extra + 1 + (extra === 0 ? upper : block.readUIntLE(at + 1, extra));
    } else if ((tag & 3) === 1) {
      if ((tag & 0xe0) === 0 && block[at + 1] === 0) repeats++;
      at += 2;
    } else at += (tag & 3) === 2 ? 3 : 5;
  }
  return repeats;
}

test.run();
