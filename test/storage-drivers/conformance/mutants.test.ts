/** Drivers with one mistake each: the suite must find every one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunningDriver } from '../../../storage-drivers/conformance/subject.ts';
import { testStorageDriver } from '../../../storage-drivers/conformance/suite.ts';
import type { MessageBytes, RecordStore, StorageDriver } from '../../../storage-drivers/contract.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

/** What a mistaken store does instead. */
type Mistake = (store: RecordStore) => Partial<RecordStore>;

const MISTAKES: Record<string, Mistake> = {
  'flags are forgotten': (store) => ({ append: (seq, s, n, _flags, message) => store.append(seq, s, n, 0, message) }),
  'nanoseconds are rounded': (store) => ({
    append: (seq, s, nanos, flags, message) => store.append(seq, s, nanos - (nanos % 1000), flags, message),
  }),
  'long payloads lose a byte': (store) => ({
    append: (seq, s, n, flags, message) => store.append(seq, s, n, flags, shortened(message)),
  }),
  'a sequence may come again': (store) => ({
    append: (seq, s, n, flags, message) => (seq <= store.last ? 1 : store.append(seq, s, n, flags, message)),
  }),
  'the last of a range stays': (store) => ({ remove: (from, to) => store.remove(from, from === to ? to : to - 1) }),
  'dropBefore takes one more': (store) => ({ dropBefore: (seq) => store.dropBefore(seq + 1) }),
  'nothing is erased': (store) => ({ erase: () => store.remove(0, 0) }),
  'spent sequences are not spent': (store) => ({ advance: () => store.remove(0, 0) }),
  'scans go up only': (store) => ({
    scan: (from, to, visit) => store.scan(Math.min(from, to), Math.max(from, to), visit),
  }),
  'scans leave out the last': (store) => ({ scan: (from, to, visit) => store.scan(from, to - 1, visit) }),
  'scans do not stop': (store) => ({ scan: (from, to, visit) => store.scan(from, to, (each) => visit(each) || true) }),
  'gaps are told one by one': (store) => ({
    gaps: (from, to, visit) =>
      store.gaps(from, to, (start, end) => {
        for (let seq = start; seq <= Math.min(end, start + 50_000); seq++) visit(seq, seq);
      }),
  }),
  'an aborted unit is committed': (store) => ({ abort: () => void store.commit() }),
  'units are committed piece by piece': (store) => ({ begin: () => undefined, commit: () => store.remove(0, 0) }),
  'a snapshot is the store': (store) => ({ snapshot: () => Object.assign(Object.create(store), { release() {} }) }),
  'cells are never added to': (store) => ({
    cells: mistaken(store.cells, { extend: (name, more) => store.cells.put(name, more) }),
  }),
  'cells are borrowed': (store) => ({ cells: borrowing(store) }),
  'tickets stand still': (store) => ({ remove: (from, to) => Math.min(1, store.remove(from, to)) }),
  'any mark will do': () => ({ passed: () => true }),
  'what is read is told one too late': (store) => ({ read: (seq) => store.read(seq + 1) }),
};

for (const [what, mistake] of Object.entries(MISTAKES)) {
  test(`the suite finds it when ${what}`, async () => {
    assert.ok((await failures(mistake)) > 0);
  });
}

test('the suite finds nothing when nothing is wrong', async () => {
  assert.is(await failures(() => ({})), 0);
});

async function failures(mistake: Mistake): Promise<number> {
  const runs: (() => Promise<void>)[] = [];
  const start = async (): Promise<RunningDriver> => {
    const driver = mistakenDriver(mistake);
    return { driver, turn: async () => undefined, restart: start, end: () => driver.close() };
  };
  testStorageDriver((_name, run) => runs.push(run), { name: 'mistaken', start, runs: 3, manyStores: 10 });
  let failed = 0;
  for (const run of runs) {
    await run().catch(() => failed++);
    // One is enough, and making random calls fewer takes long.
    if (failed > 0) return failed;
  }
  return failed;
}

function mistakenDriver(mistake: Mistake): StorageDriver {
  const driver = new MemoryDriver(createFakePorts());
  const open: StorageDriver['open'] = async (id, options) => {
    const { store, report } = await driver.open(id, options);
    return { store: mistaken(store as RecordStore, mistake(store)), report };
  };
  return mistaken(driver as StorageDriver, { open });
}

/** The same object but for what is given. */
function mistaken<T extends object>(right: T, wrong: Partial<T>): T {
  return new Proxy(right, {
    get(target, name) {
      const value = Reflect.get(name in wrong ? wrong : target, name) as unknown;
      return typeof value === 'function' && !(name in wrong) ? value.bind(target) : value;
    },
  });
}

function shortened(message: MessageBytes): MessageBytes {
  return message.bodyEnd - message.bodyStart > 1000 ? { ...message, bodyEnd: message.bodyEnd - 1 } : message;
}

/** Copies what is put only when it is asked for. */
function borrowing(store: RecordStore): RecordStore['cells'] {
  const lent = new Map<string, Uint8Array>();
  return mistaken(store.cells, {
    put: (name, value) => {
      lent.set(name, value);
      return store.cells.put(name, value);
    },
    get: async (name) => lent.get(name) ?? (await store.cells.get(name)),
  });
}

test.run();
