/** Files of nats-server: what genuine ones hold, what was written here, and what is damaged or made up. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockRecords } from '../../../protocols/nats-files/block-file.ts';
import { encodeConsumerFile, readConsumerFile } from '../../../protocols/nats-files/consumer-file.ts';
import { HighwayHash } from '../../../protocols/nats-files/highway-hash.ts';
import { BlockReader, encodeMessage, encodeSpent, RecordKind } from '../../../protocols/nats-files/message-block.ts';
import { readBlockIndex, readIndexFile, type StoreFacts } from '../../../protocols/nats-files/stream-index.ts';
import { encodeStream } from '../../../protocols/s2/stream.ts';
import { RECORDED_VERSIONS, recorded } from '../../fixtures/nats-files/recorded.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';

const seed = chosenSeed();

function hashOf(owner: string): HighwayHash {
  return new HighwayHash(createHash('sha256').update(owner).digest());
}

interface ReadBlock {
  readonly messages: readonly number[];
  readonly removed: readonly number[];
  readonly reader: BlockReader;
}

function readAll(bytes: Uint8Array, hash: HighwayHash, every = 1): ReadBlock {
  const reader = new BlockReader(bytes, hash, every);
  const messages: number[] = [];
  const removed: number[] = [];
  while (reader.next()) (reader.kind === RecordKind.message ? messages : removed).push(reader.sequence);
  return { messages, removed, reader };
}

/** The files of one kind that a genuine server left: owner, and bytes. */
function filesOf(version: string, pattern: RegExp): [stream: string, name: string, bytes: Buffer][] {
  return Object.entries(recorded(version).files).flatMap(([path, bytes]) => {
    const [, stream, name] = pattern.exec(path) ?? [];
    return stream === undefined ? [] : [[stream, name ?? '', Buffer.from(bytes, 'base64')] as [string, string, Buffer]];
  });
}

/** As `Object.is` has it for what was told: what no index says was removed is there. */
function removedBy(facts: StoreFacts): Set<number> {
  const gone = new Set<number>();
  for (const { from, to } of facts.removed) for (let seq = from; seq <= to; seq++) gone.add(seq);
  return gone;
}

for (const version of RECORDED_VERSIONS) {
  test(`blocks and indexes of a genuine ${version} say what that server said`, () => {
    const { told } = recorded(version);
    const facts = new Map<string, StoreFacts>();
    for (const [stream, number, bytes] of filesOf(version, /streams\/(\w+)\/msgs\/(?:(\d+)\.idx|index\.db)$/)) {
      const read = number === '' ? readIndexFile(bytes, hashOf(stream)) : readBlockIndex(Number(number), bytes);
      if (read === null || typeof read === 'string') assert.unreachable(`${stream}: ${read}`);
      else facts.set(stream, read);
    }
    for (const [stream, { state, sequences }] of Object.entries(told)) {
      const known = facts.get(stream);
      if (known === undefined) continue;
      assert.equal([known.messages, known.last], [state.messages, state.last_seq], stream);
      const [, number = '', block] = filesOf(version, /streams\/(\w+)\/msgs\/(\d+)\.blk$/).find(
        ([name]) => name === stream,
      )!;
      const { messages, reader } = readAll(block!, hashOf(`${stream}-${Number(number)}`));
      assert.equal([reader.damage, reader.verified > 0 || block!.length === 0], [[], true]);
      const gone = removedBy(known);
      const left = messages.filter((seq) => seq >= known.first && !gone.has(seq));
      assert.is(left.length, sequences, stream);
    }
  });

  test(`where consumers of a genuine ${version} stand is read, and written so that it is read again`, () => {
    const { told } = recorded(version);
    let count = 0;
    for (const [stream, name, bytes] of filesOf(version, /streams\/(\w+)\/obs\/(\w+)\/o\.dat$/)) {
      const place = readConsumerFile(bytes)!;
      // Whoever looks into a bucket has a consumer of its own for a while.
      const consumer = told[stream]!.consumers[name];
      if (consumer === undefined) continue;
      const [consumerSeq, streamSeq, , , pending] = consumer;
      assert.equal([place.deliveredConsumer, place.deliveredStream], [consumerSeq, streamSeq]);
      assert.is(place.pending.length, pending);
      assert.equal(readConsumerFile(encodeConsumerFile(place)), place);
      count++;
    }
    assert.ok(count >= 3);
  });
}

const BLOCK = hashOf('S-1');
const MESSAGES = Array.from({ length: 50 }, (_, at) =>
  encodeMessage(BLOCK, {
    sequence: 10 + 2 * at,
    time: 1_700_000_000_123_456_789n + BigInt(at),
    subject: Buffer.from(`subject.${at}`),
    header: at % 3 === 0 ? Buffer.from('NATS/1.0\r\nA: b\r\n\r\n') : Buffer.alloc(0),
    body: Buffer.alloc(at * 3, 'body'),
  }),
);
const WHOLE = Buffer.concat([...MESSAGES, encodeSpent(BLOCK, 200, 5n)]);

test('what is written is read: subjects, times, headers, payloads, and sequences without a message', () => {
  const reader = new BlockReader(WHOLE, BLOCK);
  for (let at = 0; at < 50; at++) {
    assert.ok(reader.next());
    assert.equal(
      [reader.kind, reader.sequence, reader.seconds, reader.nanos],
      [0, 10 + 2 * at, 1_700_000_000, 123_456_789 + at],
    );
    assert.is(WHOLE.toString('latin1', reader.subjectStart, reader.subjectEnd), `subject.${at}`);
    assert.is(reader.bodyStart - reader.headerStart, at % 3 === 0 ? 18 : 0);
    assert.is(reader.bodyEnd - reader.bodyStart, at * 3);
  }
  assert.ok(reader.next());
  assert.equal([reader.kind, reader.sequence, reader.next(), reader.damage], [RecordKind.spent, 200, false, []]);
});

test('of a sample of one in ten, the first of each ten and the last are held against their checksums', () => {
  assert.is(readAll(WHOLE, BLOCK, 10).reader.verified, 6);
});

/** How long subject and header are is not in the checksum: a place of which it can not be told whether it is right. */
function isUnchecked(at: number): boolean {
  let start = 0;
  for (const message of MESSAGES) {
    const place = at - start;
    const headerAt = 22 + message.readUInt16LE(20);
    const hasHeader = message.readUInt32LE(0) >= 0x80000000;
    if (place < message.length)
      return place === 20 || place === 21 || (hasHeader && place >= headerAt && place < headerAt + 4);
    start += message.length;
  }
  return at - start === 20 || at - start === 21;
}

test('a flipped bit costs the record it is in, and no other', () => {
  const random = new Seeded(seed);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(WHOLE);
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    const { messages, removed, reader } = readAll(bytes, BLOCK);
    if (isUnchecked(at) && messages.length + removed.length === 51) continue;
    assert.is(messages.length + removed.length, 50, `seed ${seed}, at ${at}`);
    assert.is(reader.damage.length, 1);
    const [{ from, to }] = reader.damage as [{ from: number; to: number }];
    assert.ok(from <= at && at < to);
  }
});

test('a block that is cut keeps the records before the cut', () => {
  let end = 0;
  const ends = MESSAGES.map(({ length }) => (end += length));
  for (let cut = 0; cut < WHOLE.length; cut += 7) {
    const { messages, reader } = readAll(WHOLE.subarray(0, cut), BLOCK);
    assert.is(messages.length, ends.filter((at) => at <= cut).length);
    assert.is(reader.damage.length, cut === 0 || ends.includes(cut) ? 0 : 1);
  }
});

test('compressed blocks are read, and what is damaged or would grow too large is named', () => {
  const body = WHOLE.subarray(0, -8);
  const size = Buffer.from([(body.length & 127) | 128, body.length >>> 7]);
  const file = Buffer.concat([Buffer.from('cmp\x01'), size, encodeStream(body), WHOLE.subarray(-8)]);
  assert.equal(Buffer.from(blockRecords(file, 1e6) as Uint8Array), WHOLE);
  assert.equal(blockRecords(WHOLE, 1e6), WHOLE);
  assert.is(blockRecords(file, 100), `it would become ${body.length} bytes long`);
  assert.match(blockRecords(Buffer.from('cmp\x02abcdefghijkl'), 1e6) as string, /not known \(2\)/);
  assert.is(blockRecords(Buffer.from('cmp\x01'), 1e6), 'it ends too early');
  const random = new Seeded(seed);
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(file);
    bytes[4 + random.below(bytes.length - 4)]! ^= 1 << random.below(8);
    const records = blockRecords(bytes.subarray(0, bytes.length - random.below(3) * random.below(200)), 1e6);
    if (typeof records !== 'string') readAll(records, BLOCK);
  }
});

test('of a compressed block that was written over, the chunks that are whole are left', () => {
  const bodies = Array.from({ length: 40 }, (_, at) => `${Math.sin(at)}`.repeat(300));
  const records = bodies.map((body, at) =>
    encodeMessage(BLOCK, {
      sequence: at + 1,
      time: 1n,
      subject: Buffer.from('a'),
      header: Buffer.alloc(0),
      body: Buffer.from(body),
    }),
  );
  const whole = Buffer.concat(records);
  const body = whole.subarray(0, -8);
  const chunks = encodeStream(body, { blockBytes: 16 * 1024 });
  const size = Buffer.from([(body.length & 127) | 128, ((body.length >>> 7) & 127) | 128, body.length >>> 14]);
  chunks.fill(0xff, Math.floor(chunks.length / 2), Math.floor(chunks.length / 2) + 40);
  const garbage = Buffer.alloc(5000, 'what was there before');
  const file = Buffer.concat([Buffer.from('cmp\x01'), size, chunks, whole.subarray(-8), garbage]);
  const read = readAll(blockRecords(file, 1e6) as Uint8Array, BLOCK);
  assert.ok(read.messages.length >= 30 && read.messages.length < 40, `${read.messages.length}`);
  assert.equal([read.messages[0], read.messages.at(-1)], [1, 40]);
  assert.is(read.reader.damage.length, 1);
});

test('a block of zeros, and one that claims endless records, are read to their end in no time', () => {
  const zeros = new Uint8Array(4 * 1024 * 1024);
  assert.equal(readAll(zeros, BLOCK).reader.damage, [{ from: 0, to: zeros.length }]);
  // At each place a record that would reach to the end.
  const hostile = Buffer.alloc(256 * 1024);
  for (let at = 0; at + 30 < hostile.length; at += 30) {
    hostile.writeUInt32LE(hostile.length - at, at);
    hostile.writeUInt32LE(1, at + 4);
    hostile.writeUInt16LE(1, at + 20);
  }
  assert.is(readAll(hostile, BLOCK).messages.length, 0);
});

test('whatever bytes indexes and states of consumers are made of, they are read or refused', () => {
  const random = new Seeded(seed);
  const samples = RECORDED_VERSIONS.flatMap((version) => [
    ...filesOf(version, /streams\/(\w+)\/msgs\/(index\.db|1\.idx)$/),
    ...filesOf(version, /streams\/(\w+)\/obs\/\w+\/(o\.dat)$/),
  ]);
  for (let round = 0; round < 2_000; round++) {
    const [stream, , bytes] = random.pick(samples);
    const changed = Buffer.from(bytes.subarray(0, random.once(3) ? random.below(bytes.length + 1) : bytes.length));
    for (let times = random.below(4); times > 0 && changed.length > 0; times--) {
      changed[random.below(changed.length)] = random.below(256);
    }
    // Also what has a right checksum over wrong content.
    const hash = hashOf(stream);
    if (random.once(2) && changed.length > 8) {
      hash.digest(changed, 0, changed.length - 8);
      hash.writeTo(changed, changed.length - 8);
    }
    readIndexFile(changed, hash);
    readBlockIndex(1, changed);
    readConsumerFile(changed);
  }
});

test.run();
