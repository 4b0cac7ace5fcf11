import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32c, maskedCrc32c } from '../../../protocols/s2/crc32c.ts';
import { memoryOf } from '../../../protocols/s2/memory.ts';

/** Of RFC 3720, appendix B.4, and the one every implementation is asked for. */
const TABLE: [name: string, bytes: Buffer, crc: number][] = [
  ['nothing', Buffer.alloc(0), 0],
  ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zero', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes that count up', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 bytes that count down', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
];

/** As NATS servers send them. */
const MASKED: [text: string, crc: number][] = [
  ['PING\r\n', 0x24cc90ab],
  ['PONG\r\n', 0xe41b6ff5],
  ['RS+ APP foo.bar\r\n', 0xea8a238f],
];

test('the checksums of the standard come out', () => {
  for (const [name, bytes, crc] of TABLE) {
    assert.is(crc32c(memoryOf(bytes).view, 0, bytes.length) >>> 0, crc, name);
  }
});

test('the masked checksums of what servers send come out', () => {
  for (const [text, crc] of MASKED) {
    const bytes = Buffer.from(text);
    assert.is(maskedCrc32c(memoryOf(bytes).view, 0, bytes.length) >>> 0, crc, text);
  }
});

test('where in memory the bytes lie, and what is around them, changes nothing', () => {
  for (const [name, bytes, crc] of TABLE) {
    for (let shift = 0; shift < 9; shift++) {
      const around = Buffer.alloc(bytes.length + shift + 9, 0xa5);
      bytes.copy(around, shift);
      assert.is(crc32c(memoryOf(around).view, shift, shift + bytes.length) >>> 0, crc, `${name}, from ${shift}`);
    }
  }
});

test.run();
