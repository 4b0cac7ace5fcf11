import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answerToClose, closePayload } from '../../../protocols/websocket/close-frame.ts';
import {
  controlFrame,
  cutIntoFrames,
  headerBytesFor,
  maskedFrame,
  writeHeader,
} from '../../../protocols/websocket/frame-writer.ts';
import { readServerFrames } from './client-frames.ts';

const HEADERS: [length: number, hex: string][] = [
  [0, '8200'],
  [125, '827d'],
  [126, '827e007e'],
  [65_535, '827effff'],
  [65_536, '827f0000000000010000'],
  [2 ** 32 + 5, '827f0000000100000005'],
];

test('a header is as long as the length needs', () => {
  for (const [length, hex] of HEADERS) {
    const target = Buffer.alloc(16, 0xee);
    const end = writeHeader(target, 3, 0x82, length);
    assert.is(target.toString('hex', 3, end), hex);
    assert.is(headerBytesFor(length), end - 3);
    assert.is(target[end], 0xee);
  }
});

test('a payload is cut into messages, or into parts of one', () => {
  for (const [length, most] of [
    [0, 10],
    [1, 10],
    [10, 10],
    [11, 10],
    [10_023, 4096],
    [200_000, 70_000],
  ] as const) {
    const payload = Buffer.from(Array.from({ length }, (_, index) => index & 255));
    for (const isOneMessage of [false, true]) {
      const bytes = cutIntoFrames(payload, isOneMessage ? 0x42 : 0x02, most, isOneMessage);
      const { frames, used } = readServerFrames(bytes);
      assert.is(used, bytes.length);
      assert.equal(Buffer.concat(frames.map((frame) => frame.payload)), payload);
      assert.ok(frames.every((frame) => frame.payload.length <= most));
      assert.equal(
        frames.map(({ opcode }) => opcode),
        frames.map((_, index) => (isOneMessage && index > 0 ? 0 : 2)),
      );
      assert.equal(
        frames.map(({ isFinal }) => isFinal),
        frames.map((_, index) => !isOneMessage || index === frames.length - 1),
      );
      assert.equal(
        frames.map(({ isCompressed }) => isCompressed),
        frames.map((_, index) => isOneMessage && index === 0),
      );
    }
  }
});

test('a masked frame is the payload under its key, whatever the length', () => {
  assert.is(maskedFrame(0x82, Buffer.from('PONG\r\n'), 0x5794c212).toString('hex'), '82865794c21207db8c555a9e');
  for (const length of [0, 1, 5, 125, 126, 1000, 65_535, 65_536, 70_001]) {
    const payload = Buffer.from(Array.from({ length }, (_, index) => (index * 7) & 255));
    for (const key of [0x01020304, -1, 0x80000000 | 0]) {
      const frame = maskedFrame(0x82, payload, key);
      const start = frame.length - length;
      assert.is((frame[1]! & 0x80) !== 0, true);
      assert.is(frame.readInt32BE(start - 4), key);
      const bare = frame.subarray(start).map((byte, at) => byte ^ ((key >>> (24 - 8 * (at & 3))) & 255));
      assert.ok(Buffer.from(bare).equals(payload), `${length}`);
    }
  }
});

test('a control frame holds its payload', () => {
  assert.is(controlFrame(10, Buffer.from('hi')).toString('hex'), '8a026869');
  assert.is(controlFrame(8, Buffer.alloc(0)).toString('hex'), '8800');
});

test('a close frame has a code and a reason of at most 123 bytes, with no half characters', () => {
  assert.is(closePayload(1000, 'Client Closed').toString('latin1'), '\x03\xe8Client Closed');
  assert.is(closePayload(1000, 'x'.repeat(123)).length, 125);
  const cut = closePayload(1008, 'x'.repeat(124));
  assert.is(cut.toString('latin1', 2), `${'x'.repeat(120)}...`);
  const wide = closePayload(1008, 'ä'.repeat(100)).toString('utf8', 2);
  assert.is(wide, `${'ä'.repeat(60)}...`);
  assert.is(closePayload(1008, `x${'ä'.repeat(100)}`).toString('utf8', 2), `x${'ä'.repeat(59)}...`);
});

test('a close frame is answered in kind, or is a violation', () => {
  const close = (code: number, text = ''): Buffer => closePayload(code, text);
  assert.equal(answerToClose(Buffer.alloc(0)), Buffer.alloc(0));
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
    assert.equal(answerToClose(close(code, 'bye')), close(code, 'bye'));
  }
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
    assert.equal(answerToClose(close(code)), { code: 1002, text: `invalid close status code ${code}` });
  }
  assert.equal(answerToClose(Buffer.of(3)), { code: 1002, text: 'close frame payload cannot be 1 byte' });
  const broken = Buffer.concat([close(1000), Buffer.of(0xff)]);
  assert.equal(answerToClose(broken), close(1007, 'invalid utf8 body in close frame'));
});

test.run();
