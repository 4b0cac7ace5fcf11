import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { S2_LEVELS, type S2Level } from '../../../protocols/s2/levels.ts';
import { PositionTable } from '../../../protocols/s2/position-table.ts';
import { decodeStream, encodeStream } from '../../../protocols/s2/stream.ts';
import { StreamDecoder, StreamEvent } from '../../../protocols/s2/stream-decoder.ts';
import { StreamEncoder, type StreamEncoderOptions } from '../../../protocols/s2/stream-encoder.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { interestLines, noise, patchwork, prose, routedMessages } from './samples.ts';

const S2 = 'ff06000053327354774f';
const SNAPPY = 'ff060000734e61507059';

/** What is written, to the byte. */
const TABLE: [name: string, source: string, options: StreamEncoderOptions, hex: string][] = [
  ['what is too short to compress', 'PING\r\n', {}, `${S2} 010a0000 ab90cc24 50494e470d0a`],
  ['the same for readers of Snappy', 'PING\r\n', { isSnappy: true }, `${SNAPPY} 010a0000 ab90cc24 50494e470d0a`],
  ['a run', 'a'.repeat(300), {}, `${S2} 000e0000 5c724175 ac02 0061 1d01 19001c00`],
  [
    'a run for readers of Snappy',
    'a'.repeat(300),
    { isSnappy: true },
    `${SNAPPY} 00170000 5c724175 ac02 0061 fe0100 fe0100 fe0100 fe0100 aa0100`,
  ],
  ['nothing', '', {}, ''],
];

test('chunks are written to the byte', () => {
  for (const [name, source, options, hex] of TABLE) {
    const written = encodeStream(Buffer.from(source), options).toString('hex');
    assert.is(written, hex.replaceAll(' ', ''), name);
  }
});

test('what is written comes back, at every level and block size', () => {
  const chance = new Seeded(chosenSeed());
  const made = [
    prose(200_000),
    interestLines(200_000),
    routedMessages(10_000),
    noise(70_000, chance),
    Buffer.alloc(5_000_000),
    ...Array.from({ length: 30 }, () => patchwork(chance.below(chance.pick([100, 5000, 200_000])), chance)),
  ];
  for (const [index, source] of made.entries()) {
    for (const level of S2_LEVELS) {
      for (const blockBytes of [4096, 65_536, 1 << 20, 4 << 20]) {
        const isSnappy = blockBytes <= 65_536 && chance.once(2);
        const stream = encodeStream(source, { level, blockBytes, isSnappy });
        const decoded = decodeStream(stream, { outputBytesMax: source.length, blockBytesMax: blockBytes });
        assert.ok(decoded.equals(source), `seed ${chance.seed}, sample ${index}, ${level}, blocks of ${blockBytes}`);
      }
    }
  }
});

test('each call ends with a chunk that can be read at once', () => {
  for (const level of S2_LEVELS) {
    const encoder = new StreamEncoder({ level });
    const decoder = new StreamDecoder();
    for (const text of ['PING\r\n', prose(3000).toString(), 'x', routedMessages(100_000).toString()]) {
      const piece = encoder.encode(Buffer.from(text));
      let read = '';
      let event = decoder.read(piece, 0, piece.length);
      while (event === StreamEvent.data) {
        read += decoder.output.toString('latin1', decoder.start, decoder.end);
        event = decoder.read(piece, decoder.at, piece.length);
      }
      assert.is(read, text, level);
      assert.ok(decoder.isBetweenChunks(), level);
    }
  }
});

test('the identifier comes once, and again after a change of the level', () => {
  const encoder = new StreamEncoder();
  const write = (): string => encoder.encode(Buffer.from('PING\r\n')).toString('hex').slice(0, 20);
  assert.is(write(), S2);
  assert.not(write() === S2);
  encoder.restart('best');
  assert.is(write(), S2);
  assert.not(write() === S2);
  encoder.restart();
  assert.is(write(), S2);
});

test('the level can change in the middle, and the next bytes are written at it', () => {
  const encoder = new StreamEncoder({ level: 'uncompressed' });
  const source = routedMessages(20_000);
  const sizes = (['uncompressed', 'fast', 'best'] satisfies S2Level[]).map((level) => {
    encoder.restart(level);
    return encoder.encode(source).length;
  });
  assert.ok(sizes[0]! > source.length);
  assert.ok(sizes[1]! < source.length / 2);
  assert.ok(sizes[2]! < sizes[1]!);
});

test('what cannot be made smaller costs a header of eight bytes a block', () => {
  const source = noise(65_536 * 2, new Seeded(5));
  for (const level of S2_LEVELS) assert.is(encodeStream(source, { level }).length, source.length + 10 + 2 * 8, level);
});

test('only what is asked for is compressed, to where it is asked for', () => {
  const source = prose(3000);
  const target = Buffer.alloc(8000, 0x2e);
  const encoder = new StreamEncoder();
  const end = encoder.encodeInto(source, 1000, 2000, target, 100);
  assert.ok(end - 100 <= encoder.bytesMax(1000));
  assert.is(target.subarray(0, 100).toString(), '.'.repeat(100));
  assert.is(target.subarray(100 + encoder.bytesMax(1000)).toString(), '.'.repeat(7900 - encoder.bytesMax(1000)));
  const decoded = decodeStream(target.subarray(100, end), { outputBytesMax: 1000 });
  assert.ok(decoded.equals(source.subarray(1000, 2000)));
});

test('no more is needed than was said', () => {
  const chance = new Seeded(chosenSeed());
  for (let round = 0; round < 300; round++) {
    const source = chance.once(2) ? patchwork(chance.below(20_000), chance) : noise(chance.below(9000), chance);
    const encoder = new StreamEncoder({ level: chance.pick(S2_LEVELS), blockBytes: 4096 });
    const target = Buffer.alloc(encoder.bytesMax(source.length));
    const end = encoder.encodeInto(source, 0, source.length, target, 0);
    const decoded = decodeStream(target.subarray(0, end), { outputBytesMax: source.length });
    assert.ok(decoded.equals(source), `seed ${chance.seed}, round ${round}`);
  }
});

test('block sizes are checked', () => {
  for (const blockBytes of [4096, 4 << 20]) new StreamEncoder({ blockBytes });
  for (const blockBytes of [4095, (4 << 20) + 1, Number.NaN]) {
    assert.throws(() => new StreamEncoder({ blockBytes }), /a block holds from 4096 to 4194304 bytes, not/);
  }
  assert.throws(() => new StreamEncoder({ blockBytes: 65_537, isSnappy: true }), /to 65536 bytes/);
});

test('positions of earlier blocks are older than any of this one, also after the table was wiped', () => {
  const table = new PositionTable(4);
  const half = 2 ** 29;
  assert.is(table.open(half), 1);
  table.entries[3] = half;
  assert.is(table.open(100), half + 1);
  assert.is(table.entries[3], half);
  assert.is(table.open(half), 1, 'wiped');
  assert.is(table.entries[3], 0);
});

test.run();
