/** What opening a large store costs: in proportion to what has to be looked at, and no more than a part of the store in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { fileSize } from '../../../storage-drivers/derived/accounting.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';

const COUNT = 250_000;
const SUBJECTS = 1000;
const ports = systemPorts();

async function opened(directory: string) {
  const driver = await openFileDriver(ports, { directory, scrubIntervalMs: 0 });
  const { records } = await IndexedStore.open(driver, 's', { sizeOf: fileSize, clock: ports.clock });
  return { driver, records };
}

async function filled(directory: string): Promise<void> {
  const { driver, records } = await opened(directory);
  const body = Buffer.alloc(128, 'x');
  const subjects = Array.from({ length: SUBJECTS }, (_, at) => Buffer.from(`orders.region.${at}`));
  for (let seq = 1; seq <= COUNT; seq++) {
    const subjectBytes = subjects[(seq * 7) % SUBJECTS]!;
    const range = { subjectBytes, subjectStart: 0, subjectEnd: subjectBytes.length, bytes: body };
    const message = { ...range, headerStart: 0, bodyStart: 0, bodyEnd: 128 };
    while (records.append(seq, 1_700_000_000, seq, 0, message) < 0) await turn();
    if (seq % 500 === 0) await turn();
  }
  await records.close();
  await driver.close();
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Milliseconds of the processor until all is there. */
async function costOfOpening(directory: string, end: (all: Awaited<ReturnType<typeof opened>>) => Promise<void>) {
  const before = process.cpuUsage();
  const all = await opened(directory);
  const { user, system } = process.cpuUsage(before);
  assert.equal([all.records.count, all.records.subjectCount], [COUNT, SUBJECTS]);
  await end(all);
  return (user + system) / 1000;
}

test('D-26: a store is open again in no time by its checkpoints, and soon without them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-opening-'));
  try {
    await filled(directory);
    const keep = async ({ driver, records }: Awaited<ReturnType<typeof opened>>): Promise<void> => {
      await records.close();
      await driver.close();
    };
    const withCheckpoints = [await costOfOpening(directory, keep), await costOfOpening(directory, keep)];
    await costOfOpening(directory, async ({ driver, records }) => {
      for (const name of await records.cells.list('')) records.cells.delete(name);
      await records.store.close();
      await driver.close();
    });
    const without = await costOfOpening(directory, keep);
    // For a quarter of the messages: 150 ms and 1 s for all, on a machine that does nothing else.
    assert.ok(Math.min(...withCheckpoints) < 300, `${withCheckpoints} ms`);
    assert.ok(without < 1500, `${without} ms`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
