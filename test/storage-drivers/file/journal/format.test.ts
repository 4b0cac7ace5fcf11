/** The bytes of the journal, pinned: whoever changes them breaks what others have on their disks. */
import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../../kernel/ports/fast-random.ts';
import { checksum, checksumHere, joinChecksums } from '../../../../storage-drivers/derived/checksum.ts';
import { FrameBuilder } from '../../../../storage-drivers/file/journal/frame-builder.ts';
import { FrameKind } from '../../../../storage-drivers/file/journal/frame-format.ts';
import { JournalStore } from '../../../../storage-drivers/file/journal/journal-store.ts';
import { sealFrame } from '../../../../storage-drivers/file/journal/seal-frame.ts';
import { readSegmentHead, segmentHead } from '../../../../storage-drivers/file/journal/segment-format.ts';
import { SILENT, UUID } from './journal-world.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const lines = (text: string) => text.replaceAll(/\s+|#.*$/gm, '');

test('S-6: a checksum is a CRC-32, whoever computes it and in however many steps', () => {
  assert.is(checksum(Buffer.from('123456789'), 0, 9), 0xcbf43926);
  assert.is(checksum(new Uint8Array(0), 0, 0), 0);
  const bytes = FastRandom.fromSeed(1).bytes(5000);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const length of [0, 1, 3, 4, 7, 8, 15, 16, 17, 35, 255, 256, 447, 448, 449, 4999]) {
    const part = checksumHere(view, 1, 1 + length, 0);
    if (crc32 !== undefined) assert.is(part, crc32(bytes.subarray(1, 1 + length)));
    assert.is(checksum(bytes, 1, 1 + length), part);
    assert.is(checksum(bytes, 1 + length, 5000, part), checksumHere(view, 1, 5000, 0));
    assert.is(joinChecksums(part, checksum(bytes, 1 + length, 5000), 4999 - length), checksum(bytes, 1, 5000));
  }
});

test('S-4: a frame with two records', () => {
  const frame = new FrameBuilder(4096);
  frame.reset(1);
  for (const [id, type, text] of [
    [7, 1, 'hello'],
    [258, 0x81, ''],
  ] as const) {
    const at = frame.open(text.length);
    frame.bytes.set(Buffer.from(text), at);
    frame.close(new JournalStore(id, false, SILENT), type, text.length, 1);
  }
  const pieces: Uint8Array[] = [];
  const place = { number: 0x0102030405, newestSynced: 4, oldestGeneration: 2, chain: 0xa1b2c3d4 };
  const family = { uuid: UUID, generation: 3 };
  const sealed = sealFrame(frame, FrameKind.records, family, place, null, null, pieces);
  assert.is(sealed.length, 512);
  const bytes = Buffer.concat(pieces);
  assert.is(bytes.length, 512);
  assert.is(hex(bytes.subarray(129)), '00'.repeat(383));
  assert.is(
    hex(bytes.subarray(0, 129)),
    lines(`
      474e4631                          # magic
      01 01 00 00                       # version, kind, flags, nothing
      81000000                          # length 129
      02000000                          # two stores
      0102030405060708090a0b0c0d0e0f10  # the journal's identity
      0300000000000000                  # generation of the segment
      0504030201000000                  # number
      0400000000000000                  # newest synced frame
      0200000000000000                  # oldest generation needed
      d4c3b2a1                          # checksum of the frame before
      02000000                          # two records
      25000000                          # 37 bytes of them
      HEADSUM                           # checksum of header and list
      07000000 02010000                 # the stores
      RECORD1 05000000 07000000 01000000 68656c6c6f
      RECORD2 00000000 02010000 81000000
      BODYSUM                           # checksum of the body, going on from the header's
    `)
      .replace('HEADSUM', hex(bytes.subarray(76, 80)))
      .replace('RECORD1', hex(bytes.subarray(88, 92)))
      .replace('RECORD2', hex(bytes.subarray(109, 113)))
      .replace('BODYSUM', hex(bytes.subarray(125, 129))),
  );
  assert.is(bytes.readUInt32LE(76), checksum(Buffer.concat([bytes.subarray(0, 76), bytes.subarray(80, 88)]), 0, 84));
  assert.is(bytes.readUInt32LE(88), checksum(bytes, 92, 109));
  assert.is(bytes.readUInt32LE(125), checksum(bytes, 88, 125, bytes.readUInt32LE(76)));
  assert.is(bytes.readUInt32LE(125), sealed.checksum);
});

test('the head of a segment, twice', () => {
  const head = segmentHead({
    uuid: UUID,
    generation: 3,
    incarnation: 9,
    firstFrame: 77,
    chain: 0xa1b2c3d4,
    oldestGeneration: 2,
    bytes: 65_536,
    cipher: 2,
    wrappedKey: new Uint8Array(60).fill(0xee),
  });
  assert.is(head.length, 8192);
  assert.is(
    hex(head.subarray(0, 508)),
    lines(`
      474e5331 01 02 0000               # magic, version, cipher
      0300000000000000                  # generation
      0102030405060708090a0b0c0d0e0f10  # the journal's identity
      4d00000000000000                  # first frame
      0200000000000000                  # oldest generation needed
      0000010000000000                  # size of the file
      0900000000000000                  # incarnation
      d4c3b2a1                          # checksum of the frame before the first
      ${'ee'.repeat(60)}                # the key, encrypted
    `).padEnd(2 * 508, '0'),
  );
  assert.is(Buffer.from(head).readUInt32LE(508), checksum(head, 0, 508));
  assert.equal(head.subarray(4096, 4608), head.subarray(0, 512));
  assert.is(readSegmentHead(head)?.firstFrame, 77);
  head[10]! ^= 1;
  assert.is(readSegmentHead(head)?.firstFrame, 77, 'the other copy is as good');
  head[4106]! ^= 1;
  assert.is(readSegmentHead(head), null);
});

test.run();
