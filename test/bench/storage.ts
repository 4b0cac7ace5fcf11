/**
 * What a storage driver and the index above it cost per message: `node dist/test/bench/storage.js [messages]`, after a
 * build. Times are those of this process alone, so that what else the machine does matters less.
 */

import type { MessageBytes } from '../../storage-drivers/contract.ts';
import { memorySize } from '../../storage-drivers/derived/accounting.ts';
import { FilterSet } from '../../storage-drivers/derived/filter-set.ts';
import { IndexedStore } from '../../storage-drivers/derived/indexed-store.ts';
import { MemoryDriver } from '../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts } from '../kits/fake-ports.ts';
import { describeMachine } from './machine.ts';

const BODY_BYTES = 128;
const SECONDS = 1_700_000_000;
const source = Buffer.alloc(131_072, 97);

interface Mutable extends MessageBytes {
  subjectBytes: Uint8Array;
  subjectEnd: number;
  headerStart: number;
  bodyStart: number;
  bodyEnd: number;
}

const message: Mutable = {
  subjectBytes: source,
  subjectStart: 0,
  subjectEnd: 0,
  bytes: source,
  headerStart: 0,
  bodyStart: 0,
  bodyEnd: 0,
};

const count = Number(process.argv[2] ?? 1_000_000);

async function opened(): Promise<IndexedStore> {
  const ports = createFakePorts();
  const options = { sizeOf: memorySize, clock: ports.clock };
  return (await IndexedStore.open(new MemoryDriver(ports), 'bench', options)).records;
}

/** As a read buffer would hold it, at a place that changes. */
function place(subject: string, index: number): MessageBytes {
  const at = 1024 + ((index * 37) & 0xffff);
  message.subjectEnd = source.write(subject, 0, 'latin1');
  message.headerStart = message.bodyStart = at;
  message.bodyEnd = at + BODY_BYTES;
  return message;
}

function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

function timed(what: string, operations: number, run: () => void): void {
  const start = cpuNs();
  run();
  const each = (cpuNs() - start) / operations;
  console.log(`${what.padEnd(58)} ${each.toFixed(each < 10 ? 1 : 0).padStart(9)} ns`);
}

function append(records: IndexedStore, from: number, subjects: readonly string[]): void {
  for (let index = 0; index < count; index++) {
    const seq = from + index;
    records.append(
      seq,
      SECONDS + Math.floor(seq / 1_000_000),
      (seq % 1_000_000) * 1000,
      0,
      place(subjects[index % subjects.length]!, index),
    );
  }
}

async function costPerMessage(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const bare = (await new MemoryDriver(createFakePorts()).open('bare')).store;
    place('orders.new.eu', 0);
    timed(`append ${BODY_BYTES} B, driver alone`, count, () => {
      for (let seq = 1; seq <= count; seq++) {
        message.headerStart = message.bodyStart = 1024 + ((seq * 37) & 0xffff);
        message.bodyEnd = message.bodyStart + BODY_BYTES;
        bare.append(seq, SECONDS, seq, 0, message);
      }
    });
    await bare.close();
    const records = await opened();
    place('orders.new.eu', 0);
    timed(`append ${BODY_BYTES} B with the index, one subject`, count, () => {
      for (let seq = 1; seq <= count; seq++) {
        message.headerStart = message.bodyStart = 1024 + ((seq * 37) & 0xffff);
        message.bodyEnd = message.bodyStart + BODY_BYTES;
        records.append(seq, SECONDS, seq, 0, message);
      }
    });
    let _sum = 0;
    timed('read', count, () => {
      for (let seq = 1; seq <= count; seq++) _sum += records.read(seq) + records.record.bodyEnd;
    });
    timed('scan, each record', count, () => {
      records.store.scan(1, count, (record) => {
        _sum += record.bodyEnd;
        return true;
      });
    });
    timed('remove the first', count, () => {
      for (let seq = 1; seq <= count; seq++) records.remove(seq, seq);
    });
    await records.close();
  }
}

async function filters(): Promise<void> {
  const records = await opened();
  const subjects = Array.from({ length: 1000 }, (_, index) => `orders.${index % 100}.k${index}`);
  timed('append with a text made per message, 1,000 subjects', count, () => append(records, 1, subjects));
  const questions: [string, string[]][] = [
    ['a literal, 0.1 % match', ['orders.7.k7']],
    ['a wildcard, 1 % match', ['orders.7.*']],
    ['20 wildcards, 20 % match', Array.from({ length: 20 }, (_, index) => `orders.${index}.*`)],
  ];
  for (const [what, given] of questions) {
    const set = new FilterSet(given);
    const matching = records.countMatches(set, 0);
    timed(`next, ${what}, each match`, matching, () => {
      for (let seq = records.next(set, 1); seq !== Number.POSITIVE_INFINITY; ) seq = records.next(set, seq + 1);
    });
    timed(`count from the middle, ${what}, each call`, 100, () => {
      for (let call = 0; call < 100; call++) records.countMatches(set, Math.floor(count / 2) + call);
    });
  }
  timed('sequence for a time, each call', 10_000, () => {
    for (let call = 0; call < 10_000; call++) records.findTime(SECONDS, (call * 97_000) % 1e9);
  });
  await records.close();
}

async function distinctSubjects(): Promise<void> {
  const before = memory();
  const records = await opened();
  timed('append, each to a subject of its own', count, () => {
    for (let seq = 1; seq <= count; seq++) records.append(seq, SECONDS, 0, 0, place(`$KV.bucket.key-${seq}`, seq));
  });
  console.log(
    `memory for ${count} subjects: ${memory() - before} MB, subjects ${megabytes(records.index.subjects.memoryBytes)} MB, index ${megabytes(records.index.memoryBytes)} MB, records ${megabytes(records.store.stats().memoryBytes)} MB; process ${memory()} MB`,
  );
  timed('keep one per subject: append and remove the one before', count, () => {
    for (let index = 1; index <= count; index++) {
      const key = 1 + ((index * 7919) % count);
      const seq = count + index;
      records.append(seq, SECONDS, 0, 0, place(`$KV.bucket.key-${key}`, seq));
      const node = records.find(message.subjectBytes, 0, message.subjectEnd);
      const first = records.firstOf(node);
      if (records.countOf(node) > 1) records.remove(first, first);
    }
  });
  console.log(
    `memory afterwards: records ${megabytes(records.store.stats().memoryBytes)} MB, index ${megabytes(records.index.memoryBytes)} MB; process ${memory()} MB`,
  );
  const set = new FilterSet(['$KV.*.key-77']);
  timed('subjects under a wildcard with one match, each call', 1000, () => {
    for (let call = 0; call < 1000; call++) records.visitSubjects(set, () => true);
  });
  await records.close();
}

function memory(): number {
  return megabytes(process.memoryUsage().rss);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

console.log(describeMachine());
await costPerMessage();
await filters();
await distinctSubjects();
