import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameMemory } from '../../../protocols/websocket/frame-memory.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { clientFrame, type FrameOptions } from './client-frames.ts';
import { type Reading, readPieces, USUAL } from './reading.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const text = (length: number): string => Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

/** What is read of each. */
const TABLE: [name: string, bytes: Buffer, expected: Partial<Reading>][] = [
  ['the masked "Hello" of RFC 6455', hex('81 85 37fa213d 7f9f4d5158'), { stream: 'Hello' }],
  ['its unfragmented ping', hex('89 85 37fa213d 7f9f4d5158'), { controls: ['9:Hello'] }],
  ['an empty frame', clientFrame(''), {}],
  ['a key of zeros', clientFrame('abc', { key: 0 }), { stream: 'abc' }],
  ['125 bytes', clientFrame(text(125)), { stream: text(125) }],
  ['126 bytes', clientFrame(text(126)), { stream: text(126) }],
  ['300 bytes with their length in 8', clientFrame(text(300), { lengthBytes: 8 }), { stream: text(300) }],
  ['2 bytes with their length in 2', clientFrame('ab', { lengthBytes: 2 }), { stream: 'ab' }],
  ['text and binary', Buffer.concat([clientFrame('ab', { opcode: 1 }), clientFrame('cd')]), { stream: 'abcd' }],
  ['text that is no UTF-8', clientFrame(hex('ff c0 80'), { opcode: 1 }), { stream: '\xff\xc0\x80' }],
  [
    'fragments with a ping between them',
    Buffer.concat([
      clientFrame('PI', { isFinal: false, key: 0x01020304 }),
      clientFrame('now', { opcode: 9 }),
      clientFrame('', { opcode: 0, isFinal: false }),
      clientFrame('NG\r\n', { opcode: 0 }),
    ]),
    { stream: 'PING\r\n', controls: ['9:now'] },
  ],
  [
    'a close frame, and what comes before it',
    Buffer.concat([clientFrame('x'), clientFrame('\x03\xe8', { opcode: 8 })]),
    {
      stream: 'x',
      controls: ['8:\x03\xc3\xa8'],
    },
  ],
  ['a ping of 125 bytes', clientFrame(text(125), { opcode: 9 }), { controls: [`9:${text(125)}`] }],
  ['an empty pong', clientFrame('', { opcode: 10 }), { controls: ['10:'] }],
  [
    'a compressed message in parts, and a plain one',
    Buffer.concat([
      clientFrame('abc', { isFinal: false, isCompressed: true }),
      clientFrame('p', { opcode: 9 }),
      clientFrame('def', { opcode: 0 }),
      clientFrame('plain'),
    ]),
    { compressed: ['abcdef'], controls: ['9:p'], stream: 'plain' },
  ],
  ['an empty compressed message', clientFrame('', { isCompressed: true }), { compressed: [''] }],
  ['a compressed message at the limit', clientFrame(text(1000), { isCompressed: true }), { compressed: [text(1000)] }],
];

function expectedOf(expected: Partial<Reading>): Reading {
  return { stream: '', controls: [], compressed: [], violation: null, ...expected };
}

test('every kind of frame is read', () => {
  for (const [name, bytes, expected] of TABLE) assert.equal(readPieces([bytes]), expectedOf(expected), name);
});

test('where the bytes are split changes nothing', () => {
  for (const [name, bytes, expected] of TABLE) {
    for (let at = 1; at < bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      assert.equal(readPieces(pieces), expectedOf(expected), `${name}, split at ${at}`);
    }
    assert.equal(readPieces([...bytes].map((byte) => Buffer.of(byte))), expectedOf(expected), `${name}, byte by byte`);
  }
});

const PROTOCOL = 1002;
const frame = (payload: string, options: FrameOptions): Buffer => clientFrame(payload, options);
const open = frame('x', { isFinal: false });

const VIOLATIONS: [bytes: Buffer, text: string, code?: number][] = [
  [frame('x', { bits: 0x20 }), 'RSV2 and RSV3 must be clear'],
  [frame('x', { bits: 0x10 }), 'RSV2 and RSV3 must be clear'],
  [frame('x', { key: null }), 'mask bit missing'],
  [frame('x', { opcode: 9, key: null }), 'mask bit missing'],
  [frame(text(126), { opcode: 9 }), 'control frame length bigger than maximum allowed of 125 bytes'],
  [frame('x', { opcode: 9, lengthBytes: 8 }), 'control frame length bigger than maximum allowed of 125 bytes'],
  [frame('x', { opcode: 8, isFinal: false }), 'control frame does not have final bit set'],
  [frame('x', { opcode: 9, isCompressed: true }), 'control frame must not be compressed'],
  [Buffer.concat([open, frame('x', {})]), 'new message started before final frame for previous message was received'],
  [
    Buffer.concat([open, frame('x', { opcode: 1 })]),
    'new message started before final frame for previous message was received',
  ],
  [frame('x', { opcode: 0 }), 'invalid continuation frame'],
  [Buffer.concat([open, frame('x', { opcode: 0, isCompressed: true })]), 'invalid continuation frame'],
  [Buffer.concat([frame('x', {}), frame('x', { opcode: 0 })]), 'invalid continuation frame'],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [Buffer, string] => [
    frame('x', { opcode }),
    `unknown opcode ${opcode}`,
  ]),
  [hex('82 ff 8000000000000000 00000000'), 'invalid 64-bit payload length'],
  [frame(text(1001), { isCompressed: true }), 'maximum payload exceeded', 1009],
  [
    Buffer.concat([frame(text(600), { isCompressed: true, isFinal: false }), frame(text(401), { opcode: 0 })]),
    'maximum payload exceeded',
    1009,
  ],
];

test('what is against the rules is told, wherever the bytes are split', () => {
  for (const [bytes, told, code = PROTOCOL] of VIOLATIONS) {
    assert.equal(readPieces([bytes]).violation, { code, text: told });
    for (let at = 1; at < bytes.length; at += 1 + Math.floor(at / 20)) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      assert.equal(readPieces(pieces).violation, { code, text: told }, `${told}, split at ${at}`);
    }
  }
});

test('compression, text and masks are as agreed', () => {
  const compressed = clientFrame('x', { isCompressed: true });
  const told = 'compressed frame received without negotiated permessage-deflate';
  assert.equal(readPieces([compressed], { ...USUAL, allowsCompression: false }).violation, { code: 1002, text: told });
  const spoken = clientFrame('x', { opcode: 1 });
  assert.equal(readPieces([spoken], { ...USUAL, acceptsText: false }).violation, {
    code: 1003,
    text: 'text frames are not accepted',
  });
  const maskless = { ...USUAL, isMaskRequired: false };
  assert.is(readPieces([clientFrame('bare', { key: null })], maskless).stream, 'bare');
  assert.is(readPieces([clientFrame('masked')], maskless).stream, 'masked');
});

test('a frame of more bytes than memory has is read as it comes', () => {
  const header = hex('82 ff 00000000 80000000 00000000');
  const reading = readPieces([header, Buffer.from('abc'), Buffer.from('def')]);
  assert.equal(reading, expectedOf({ stream: 'abcdef' }));
});

test('unmasking is the same at every place in memory, for every length', () => {
  for (let offset = 0; offset < 8; offset++) {
    for (let length = 0; length < 40; length++) {
      const reading = readPieces([clientFrame(text(length), { key: 0x8badf00d })], USUAL, offset);
      assert.is(reading.stream, text(length), `${length} bytes at ${offset}`);
    }
  }
  const memory = new FrameMemory(Buffer.alloc(64));
  assert.is(memory.unmask(0, 5, 0x01020304), 0x02030401);
});

test('any frames, cut anywhere, read as what was written', () => {
  const seed = chosenSeed();
  const random = new Seeded(seed);
  for (let round = 0; round < 3000; round++) {
    const { bytes, expected } = anyFrames(random);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + random.below(random.pick([3, 20, 400])));
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    assert.equal(readPieces(pieces, USUAL, random.below(5)), expected, `GNATLET_SEED=${seed}, round ${round}`);
  }
});

test('noise ends in a violation or waits for more, and never throws', () => {
  const seed = chosenSeed();
  const random = new Seeded(seed);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(random.many(60, () => random.below(256)));
    const whole = readPieces([bytes], { ...USUAL, isMaskRequired: random.once(2) });
    assert.ok(whole.stream.length <= bytes.length, `GNATLET_SEED=${seed}, round ${round}`);
  }
});

function anyFrames(random: Seeded): { bytes: Buffer; expected: Reading } {
  const expected = expectedOf({});
  const parts = random.many(6, (): Buffer => {
    const key = random.below(0xffff_ffff);
    if (random.once(4)) {
      const payload = text(random.below(126));
      expected.controls.push(`9:${payload}`);
      return clientFrame(payload, { opcode: 9, key });
    }
    const isCompressed = random.once(3);
    const payload = text(random.below(random.pick([5, 130, 900])));
    if (isCompressed) expected.compressed.push(payload);
    else expected.stream += payload;
    const cut = random.below(payload.length + 1);
    if (random.once(2)) return clientFrame(payload, { isCompressed, key, opcode: isCompressed ? 2 : 1 });
    return Buffer.concat([
      clientFrame(payload.slice(0, cut), { isCompressed, key, isFinal: false }),
      clientFrame(payload.slice(cut), { opcode: 0, key: random.below(0xffff_ffff) }),
    ]);
  });
  return { bytes: Buffer.concat(parts), expected };
}

test.run();
