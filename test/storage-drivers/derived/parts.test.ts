/** The parts that the index is made of, each by itself. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fileSize, memorySize } from '../../../storage-drivers/derived/accounting.ts';
import { ByteReader, ByteWriter } from '../../../storage-drivers/derived/byte-writer.ts';
import { checksum, checksumHere } from '../../../storage-drivers/derived/checksum.ts';
import { ExpiryQueue } from '../../../storage-drivers/derived/expiry-queue.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { HashPages } from '../../../storage-drivers/derived/hash-pages.ts';
import { RecordIndex } from '../../../storage-drivers/derived/record-index.ts';
import { SizeSet } from '../../../storage-drivers/derived/size-set.ts';
import { SubjectTable } from '../../../storage-drivers/derived/subject-table.ts';
import { withSeed } from '../../kernel/ports/seed.ts';

test('S-23: sizes are those of the reference', () => {
  const table: [number, number, number, number, number][] = [
    [1, 0, 0, 17, 31],
    [10, 0, 100, 126, 140],
    [10, 20, 100, 146, 164],
    [5, 12, 0, 33, 51],
  ];
  for (const [subject, header, body, memory, file] of table) {
    assert.is(memorySize(subject, header, body), memory);
    assert.is(fileSize(subject, header, body), file);
  }
});

test('S-22: what expires comes in the order of time, then of sequence, also when some went otherwise', () =>
  withSeed((random) => {
    const queue = new ExpiryQueue();
    let entries: { time: number; seq: number }[] = [];
    for (let step = 0; step < 3000; step++) {
      if (random.below(3) > 0) {
        const entry = { time: random.below(500), seq: step + 1 };
        entries.push(entry);
        queue.add(entry.time, entry.seq);
      } else if (random.below(200) === 0) {
        entries = entries.filter(({ seq }) => seq % 3 !== 0);
        queue.prune((seq) => seq % 3 !== 0);
      } else {
        const now = random.below(500);
        const [first] = entries.sort((one, other) => one.time - other.time || one.seq - other.seq);
        const isDue = first !== undefined && first.time <= now;
        assert.is(queue.nextTime, first?.time ?? Number.POSITIVE_INFINITY);
        assert.is(queue.takeDue(now), isDue ? first.seq : 0);
        if (isDue) entries.shift();
      }
      assert.is(queue.length, entries.length);
    }
  }));

test('S-22: a million entries take less than 64 MiB', () => {
  const queue = new ExpiryQueue();
  for (let seq = 1; seq <= 1_000_000; seq++) queue.add((seq * 7919) % 1_000_003, seq);
  assert.ok(queue.memoryBytes < 64 * 1024 * 1024);
});

test('S-18: a subject takes less than 120 bytes beyond its text, among 100,000', () => {
  const index = new RecordIndex();
  const bytes = Buffer.alloc(64);
  let text = 0;
  for (let seq = 1; seq <= 100_000; seq++) {
    const length = bytes.write(`$KV.bucket.key-${seq}`, 'latin1');
    text += length;
    index.add(seq, 0, 0, 1, bytes, 0, length);
  }
  const each = (index.subjects.memoryBytes - text) / 100_000;
  assert.ok(each < 120, `${each} bytes`);
});

test('numbers of subjects that went are used again, and filters do not take new subjects for old ones', () => {
  const index = new RecordIndex();
  const filters = new FilterSet(['even.*', 'both.>']);
  const bytes = Buffer.alloc(64);
  for (let seq = 1; seq <= 60_000; seq++) {
    const subject = `${['even', 'odd', 'both'][seq % 3]}.${seq}`;
    const length = bytes.write(subject, 'latin1');
    index.add(seq, 0, 0, 1, bytes, 0, length);
    const node = index.subjects.find(bytes, 0, length);
    assert.is(filters.matches(index.subjects, node), seq % 3 !== 1, subject);
    if (seq > 100) index.remove(seq - 100, seq - 100);
  }
  assert.is(index.subjects.size, 100);
  assert.ok(index.subjects.nodes.length < 5000, `${index.subjects.nodes.length} nodes for 100 subjects`);
  assert.ok(index.memoryBytes < 1_000_000, `${index.memoryBytes} bytes`);
});

test('a table that is emptied finds nothing, whatever the shape of its subjects', () => {
  const table = new SubjectTable();
  const subjects = ['a', 'a.b', 'a.b.c', 'a.c', 'b', 'b.b.b', '*', 'a.>', 'a..b', '.'];
  const nodes = subjects.map((subject) => {
    const bytes = Buffer.from(subject, 'latin1');
    const node = table.ensure(bytes, 0, bytes.length);
    table.added(node, 1);
    return node;
  });
  for (const [index, subject] of subjects.entries()) {
    assert.is(table.findText(subject), nodes[index]);
    assert.is(table.subjectOf(nodes[index]!), subject);
  }
  for (const node of nodes) table.removed(node, 1);
  assert.is(table.size, 0);
  assert.is(table.firstChild(0), 0);
  for (const subject of subjects) assert.is(table.findText(subject), 0, subject);
});

test('hashes that are all the same are found all the same, and cost no more memory than others', () => {
  const pages = new HashPages();
  for (let value = 1; value <= 5000; value++) pages.add(42, value);
  assert.is(
    pages.find(42, (value) => value === 4321),
    4321,
  );
  for (let value = 1; value <= 5000; value++) pages.delete(42, value);
  assert.is(pages.count, 0);
  assert.is(
    pages.find(42, () => true),
    0,
  );
});

test('pages of hashes agree with a map while they are divided and emptied', () =>
  withSeed((random) => {
    const pages = new HashPages();
    const known = new Map<number, number>();
    for (let step = 0; step < 60_000; step++) {
      const value = 1 + random.below(20_000);
      // Many share a hash, and all are alike in their upper bits.
      const hash = value % 7000;
      if (known.has(value)) {
        pages.delete(hash, value);
        known.delete(value);
      } else {
        pages.add(hash, value);
        known.set(value, hash);
      }
    }
    assert.is(pages.count, known.size);
    for (const [value, hash] of known)
      assert.is(
        pages.find(hash, (each) => each === value),
        value,
      );
  }));

test('S-25: records that went cost little beside those that stay, and nothing when none stays', () => {
  const index = new RecordIndex();
  const bytes = Buffer.from('a');
  const added = 50 * 4096;
  for (let seq = 0; seq < added; seq++) index.add(seq + 4096, 0, 0, 1, bytes, 0, 1);
  const perRecord = index.memoryBytes / added;
  for (let seq = 0; seq < added; seq += 2) index.remove(seq + 4096, seq + 4096);
  const expected = (added / 2) * (perRecord + 2);
  assert.ok(index.memoryBytes < 1.2 * expected, `${index.memoryBytes} instead of ${expected} bytes`);
  for (let seq = 0; seq < added; seq++) assert.is(index.has(seq + 4096), seq % 2 === 1);
  index.remove(0, added + 4095);
  assert.ok(index.memoryBytes < 120_000, `${index.memoryBytes} bytes for nothing`);
});

test('sizes and gaps of a set agree with a list', () =>
  withSeed((random) => {
    const set = new SizeSet();
    let list: number[] = [];
    let seq = 0;
    for (let step = 0; step < 400; step++) {
      for (let count = random.below(30); count > 0; count--) {
        seq += random.below(50) === 0 ? random.below(9000) : 1;
        if (list[list.length - 1] === seq) seq++;
        set.add(seq, seq % 100);
        list.push(seq);
      }
      const from = random.below(seq + 1);
      const to = from + random.below(40);
      set.remove(from, to);
      list = list.filter((each) => each < from || each > to);
      const at = random.below(seq + 10);
      assert.is(set.firstFrom(at), list.find((each) => each >= at) ?? Number.POSITIVE_INFINITY);
      assert.is(set.lastUpTo(at), list.findLast((each) => each <= at) ?? 0);
    }
    assert.is(set.count, list.length);
    assert.is(
      set.bytes,
      list.reduce((sum, each) => sum + (each % 100), 0),
    );
    let missing = 0;
    set.gaps(1, seq, (from, to) => {
      missing += to - from + 1;
    });
    assert.is(missing, seq - list.length);
    assert.is(set.clone().lastUpTo(seq), set.lastUpTo(seq));
  }));

test('numbers are written and read back, and what is cut short is noticed', () => {
  const writer = new ByteWriter();
  const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40 + 5, 2 ** 49];
  for (const number of numbers) writer.varint(number);
  writer.float64(-0.5);
  writer.u32(0xffffffff);
  writer.u8(7);
  writer.u64(2 ** 50 + 1);
  writer.text('grün');
  writer.words(Uint32Array.of(1, 2, 3), 2);
  const reader = new ByteReader(writer.written.slice());
  assert.equal(
    numbers.map(() => reader.varint()),
    numbers,
  );
  assert.equal([reader.float64(), reader.u32(), reader.u8(), reader.u64()], [-0.5, 0xffffffff, 7, 2 ** 50 + 1]);
  assert.equal([reader.text(), [...reader.words(2, 4)]], ['grün', [1, 2, 0, 0]]);
  assert.equal([reader.isShort, reader.isAtEnd], [false, true]);
  assert.throws(() => reader.u8(), /fewer bytes/);
  for (let end = 0; end < writer.length; end++) {
    const short = new ByteReader(writer.written.slice(0, end), true);
    for (const _ of numbers) short.varint();
    short.float64();
    short.u32();
    short.u8();
    short.u64();
    short.text();
    short.words(2, 2);
    assert.is(short.isShort, true, `cut at ${end}`);
  }
});

test('S-6: the checksum is that of everybody, with and without help from Node', () => {
  const bytes = Buffer.from('123456789');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.is(checksum(bytes, 0, 9), 0xcbf43926);
  assert.is(checksumHere(view, 0, 9, 0), 0xcbf43926);
  assert.is(checksumHere(view, 4, 9, checksumHere(view, 0, 4, 0)), 0xcbf43926);
});

test('a sequence that was taken back belongs to its new subject alone, whoever had it before', () => {
  const index = new RecordIndex();
  const add = (seq: number, subject: string): number => {
    const bytes = Buffer.from(subject);
    index.add(seq, 1, seq, 10, bytes, 0, bytes.length);
    return index.subjectAt(seq);
  };
  add(1, 'a');
  add(2, 'a');
  index.remove(2, 2);
  index.truncate(1);
  const other = add(2, 'b');
  add(3, 'b');
  add(4, 'a');
  assert.is(index.nextOf(other, 2), 3);
  assert.is(index.nextOf(index.subjectAt(1), 1), 4);
});

test.run();
