import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBlock } from '../../../protocols/s2/block.ts';
import { maskedCrc32c } from '../../../protocols/s2/crc32c.ts';
import { memoryOf } from '../../../protocols/s2/memory.ts';
import { S2Error, type S2Reason } from '../../../protocols/s2/problem.ts';
import { decodeStream, encodeStream } from '../../../protocols/s2/stream.ts';
import { StreamDecoder, type StreamDecoderOptions, StreamEvent } from '../../../protocols/s2/stream-decoder.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { noise, patchwork, prose, routedMessages } from './samples.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const S2 = hex('ff 060000 53327354774f');
const SNAPPY = hex('ff 060000 734e61507059');

function chunk(type: number, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), ...body]);
  bytes.writeUInt32LE((bytes.length - 4) * 256 + type);
  return bytes;
}

function checksum(text: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(maskedCrc32c(memoryOf(text).view, 0, text.length));
  return bytes;
}

const stored = (text: string): Buffer => chunk(1, checksum(Buffer.from(text)), Buffer.from(text));
const packed = (text: Buffer): Buffer => chunk(0, checksum(text), encodeBlock(text));

interface Reading {
  text: string;
  problem: S2Reason | null;
  isBetweenChunks: boolean;
}

function readPieces(pieces: readonly Buffer[], options: StreamDecoderOptions = {}): Reading {
  const decoder = new StreamDecoder(options);
  let text = '';
  for (const piece of pieces) {
    let event = decoder.read(piece, 0, piece.length);
    while (event === StreamEvent.data) {
      text += decoder.output.toString('latin1', decoder.start, decoder.end);
      event = decoder.read(piece, decoder.at, piece.length);
    }
    if (event === StreamEvent.needsMore) assert.is(decoder.at, piece.length);
  }
  return { text, problem: decoder.problem, isBetweenChunks: decoder.isBetweenChunks() };
}

const long = prose(300);

/** What is read of each. The first four are from a connection between two servers. */
const TABLE: [name: string, stream: Buffer, text: string][] = [
  ['PING as a server sends it', hex('ff060000 53327354774f 010a0000 ab90cc24 50494e470d0a'), 'PING\r\n'],
  ['PONG as a server sends it', hex('ff060000 53327354774f 010a0000 f56f1be4 504f4e470d0a'), 'PONG\r\n'],
  [
    'interest as a server sends it',
    hex('ff060000 53327354774f 01150000 8f238aea 52532b2041505020666f6f2e6261720d0a'),
    'RS+ APP foo.bar\r\n',
  ],
  ['two streams, one behind the other', Buffer.concat([S2, stored('a'), S2, stored('b')]), 'ab'],
  ['an identifier alone', S2, ''],
  ['the identifier of Snappy', Buffer.concat([SNAPPY, stored('a'), packed(long)]), `a${long}`],
  ['a change from one to the other', Buffer.concat([SNAPPY, stored('a'), S2, packed(long)]), `a${long}`],
  ['a compressed chunk', Buffer.concat([S2, packed(long)]), long.toString()],
  ['chunks of nothing', Buffer.concat([S2, stored(''), packed(Buffer.alloc(0)), stored('x')]), 'x'],
  [
    'padding, an index and what nobody knows yet',
    Buffer.concat([S2, chunk(0xfe), stored('a'), chunk(0x99, long), chunk(0x80, long), stored('b'), chunk(0xfd, long)]),
    'ab',
  ],
];

test('every kind of chunk is read', () => {
  for (const [name, stream, text] of TABLE) {
    assert.equal(readPieces([stream]), { text, problem: null, isBetweenChunks: true }, name);
  }
});

test('where the bytes are split changes nothing', () => {
  for (const [name, stream, text] of TABLE) {
    const expected = { text, problem: null, isBetweenChunks: true };
    for (let at = 1; at < stream.length; at++) {
      assert.equal(readPieces([stream.subarray(0, at), stream.subarray(at)]), expected, `${name}, split at ${at}`);
    }
    assert.equal(readPieces([...stream].map((byte) => Buffer.of(byte))), expected, `${name}, byte by byte`);
  }
});

test('a stream that is split anywhere, many times, is read as one', () => {
  const chance = new Seeded(chosenSeed());
  for (let round = 0; round < 60; round++) {
    const source = patchwork(chance.below(60_000), chance);
    const stream = encodeStream(source, { blockBytes: chance.pick([4096, 65_536]), isSnappy: chance.once(2) });
    const pieces: Buffer[] = [];
    for (let at = 0; at < stream.length; ) {
      const next = Math.min(stream.length, at + 1 + chance.below(chance.pick([5, 300, 9000])));
      pieces.push(stream.subarray(at, next));
      at = next;
    }
    const reading = readPieces(pieces);
    assert.is(
      reading.text === source.toString('latin1') && reading.problem,
      null,
      `seed ${chance.seed}, round ${round}`,
    );
  }
});

test('a range in the middle of a shared buffer is read, and nothing around it', () => {
  const stream = Buffer.concat([S2, stored('abc')]);
  const shared = Buffer.concat([Buffer.alloc(100, 0xff), stream, Buffer.alloc(100, 0xff)]);
  const decoder = new StreamDecoder();
  assert.is(decoder.read(shared, 100, 100 + stream.length), StreamEvent.data);
  assert.is(decoder.output.toString('latin1', decoder.start, decoder.end), 'abc');
  assert.is(decoder.at, 100 + stream.length);
  assert.is(decoder.read(shared, decoder.at, 100 + stream.length), StreamEvent.needsMore);
});

const damaged = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};
const claims = (type: number, length: number): Buffer =>
  Buffer.of(type, length & 255, (length >>> 8) & 255, length >>> 16);
const MIB = 1024 * 1024;

const MALFORMED: [name: string, stream: Buffer, reason: S2Reason][] = [
  ['no identifier', stored('a'), 'identifier-missing'],
  ['padding before the identifier', Buffer.concat([chunk(0xfe), S2]), 'identifier-missing'],
  ['text', Buffer.from('-ERR'), 'identifier-missing'],
  ['an identifier of another length', hex('ff 070000 53327354774f00'), 'identifier-malformed'],
  ['an identifier of something else', hex('ff 060000 53327354774e'), 'identifier-malformed'],
  ['an identifier of something else later', Buffer.concat([S2, hex('ff 060000 000000000000')]), 'identifier-malformed'],
  ['a chunk that must not be skipped', Buffer.concat([S2, chunk(2)]), 'chunk-unsupported'],
  ['the last of those', Buffer.concat([S2, chunk(0x7f)]), 'chunk-unsupported'],
  ['a compressed chunk without a checksum', Buffer.concat([S2, chunk(0, Buffer.alloc(3))]), 'chunk-too-short'],
  ['a plain chunk without a checksum', Buffer.concat([S2, chunk(1, Buffer.alloc(3))]), 'chunk-too-short'],
  ['a compressed chunk without a block', Buffer.concat([S2, chunk(0, Buffer.alloc(4))]), 'length-malformed'],
  ['a plain chunk that is too long', Buffer.concat([S2, claims(1, 4 * MIB + 5)]), 'block-too-large'],
  ['a compressed chunk that is too long', Buffer.concat([S2, claims(0, 6 * MIB)]), 'chunk-too-long'],
  ['a block that is too long', Buffer.concat([S2, packed(Buffer.alloc(4 * MIB + 1))]), 'block-too-large'],
  ['a long plain chunk for Snappy', Buffer.concat([SNAPPY, claims(1, 65_541)]), 'block-too-large'],
  ['a long block for Snappy', Buffer.concat([SNAPPY, packed(Buffer.alloc(65_537))]), 'block-too-large'],
  ['a wrong checksum', damaged(Buffer.concat([S2, stored('abc')]), 14), 'checksum-mismatch'],
  ['a wrong byte', damaged(Buffer.concat([S2, stored('abc')]), 19), 'checksum-mismatch'],
  ['a wrong checksum of a block', damaged(Buffer.concat([S2, packed(long)]), 14), 'checksum-mismatch'],
  [
    'a malformed block',
    Buffer.concat([S2, chunk(0, Buffer.alloc(4), hex('08 0c 61626364 01 00'))]),
    'offset-out-of-range',
  ],
  ['a block that is cut short', Buffer.concat([S2, chunk(0, Buffer.alloc(4), hex('08 0c 6162'))]), 'block-truncated'],
  [
    'a block with less than it says',
    Buffer.concat([S2, chunk(0, Buffer.alloc(4), hex('08 04 6162'))]),
    'block-incomplete',
  ],
  [
    'a block with more than it says',
    Buffer.concat([S2, chunk(0, Buffer.alloc(4), hex('01 04 6162'))]),
    'block-overflow',
  ],
];

test('what is malformed is refused with its reason, wherever it is split', () => {
  for (const [name, stream, reason] of MALFORMED) {
    assert.is(readPieces([stream]).problem, reason, name);
    if (stream.length > 1000) continue;
    for (let at = 1; at < stream.length; at++) {
      assert.is(readPieces([stream.subarray(0, at), stream.subarray(at)]).problem, reason, `${name}, split at ${at}`);
    }
  }
});

test('nothing is read after a problem, and what came before it was', () => {
  const reading = readPieces([Buffer.concat([S2, stored('before'), chunk(2)]), stored('after')]);
  assert.equal(reading, { text: 'before', problem: 'chunk-unsupported', isBetweenChunks: true });
});

test('the limits of a block and of all of them together are exact', () => {
  const stream = Buffer.concat([S2, packed(Buffer.alloc(1000)), stored('a'.repeat(1000))]);
  assert.is(readPieces([stream], { blockBytesMax: 1000, outputBytesMax: 2000 }).problem, null);
  assert.is(readPieces([stream], { blockBytesMax: 999 }).problem, 'block-too-large');
  assert.is(readPieces([stream], { outputBytesMax: 1999 }).problem, 'output-too-large');
  assert.is(readPieces([stream], { outputBytesMax: 1999 }).text.length, 1000);
  assert.is(readPieces([Buffer.concat([S2, packed(Buffer.alloc(4 * MIB))])]).text.length, 4 * MIB);
});

test('a stream in one go says where it is malformed, and that it ends too early', () => {
  const whole = Buffer.concat([S2, stored('abc'), stored('def')]);
  assert.is(decodeStream(whole, { outputBytesMax: 6 }).toString(), 'abcdef');
  const failing = (bytes: Buffer, outputBytesMax = 6): S2Error => {
    try {
      decodeStream(bytes, { outputBytesMax });
    } catch (error) {
      if (error instanceof S2Error) return error;
    }
    return assert.unreachable('it was read') as never;
  };
  const broken = failing(damaged(whole, whole.length - 1));
  assert.is(broken.reason, 'checksum-mismatch');
  assert.is(broken.offset, 21);
  assert.is(broken.code, 'S2_MALFORMED');
  assert.match(broken.message, /checksum.*at byte 21/);
  assert.is(failing(whole.subarray(0, -1)).reason, 'stream-truncated');
  assert.is(failing(whole, 5).reason, 'output-too-large');
  assert.is(failing(Buffer.concat([whole, claims(0xfe, 10)])).reason, 'stream-truncated');
});

test('memory grows with what has arrived, not with what is claimed', () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 100 }, () => {
    const decoder = new StreamDecoder();
    const piece = Buffer.concat([S2, claims(1, 4 * MIB), Buffer.alloc(100)]);
    assert.is(decoder.read(piece, 0, piece.length), StreamEvent.needsMore);
    const liar = new StreamDecoder();
    const lie = Buffer.concat([S2, chunk(0, Buffer.alloc(4), hex('80808002 00 61'))]);
    assert.is(liar.read(lie, 0, lie.length), StreamEvent.problem);
    assert.is(liar.problem, 'block-incomplete');
    return decoder;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < MIB, 'less than a megabyte');
  assert.is(decoders.length, 100);
});

test('a bomb is read one bounded chunk at a time', () => {
  // A few bytes that decode to four megabytes, a thousand times.
  const charge = packed(Buffer.alloc(4 * MIB));
  const bomb = Buffer.concat([S2, ...Array.from({ length: 1000 }, () => charge)]);
  assert.ok(bomb.length < 30_000);
  const before = process.memoryUsage().arrayBuffers;
  const decoder = new StreamDecoder({ outputBytesMax: 10 * MIB });
  let largest = 0;
  let chunks = 0;
  for (let event = decoder.read(bomb, 0, bomb.length); event === StreamEvent.data; chunks++) {
    largest = Math.max(largest, decoder.end - decoder.start);
    event = decoder.read(bomb, decoder.at, bomb.length);
  }
  assert.is(largest, 4 * MIB);
  assert.is(chunks, 2);
  assert.is(decoder.problem, 'output-too-large');
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * MIB);
});

test('damage never does more than be refused', () => {
  const chance = new Seeded(chosenSeed());
  for (let round = 0; round < 2000; round++) {
    const source = chance.once(2) ? routedMessages(chance.below(2000)) : noise(chance.below(300), chance);
    const stream = encodeStream(source, { blockBytes: 4096 });
    if (stream.length === 0) continue;
    const at = chance.below(stream.length);
    const bytes = damaged(stream, at);
    bytes[at] = chance.below(256);
    const { text, problem } = readPieces([bytes.subarray(0, at + 1), bytes.subarray(at + 1)]);
    const isWhole = text === source.toString('latin1');
    assert.ok(isWhole || problem !== null || text.length < source.length, `seed ${chance.seed}, round ${round}`);
    assert.ok(source.toString('latin1').startsWith(text), `seed ${chance.seed}, round ${round}: only what was sent`);
  }
});

test.run();
