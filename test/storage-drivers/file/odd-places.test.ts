/** Directories where nothing can be kept: an error that says so, in good time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';

test('D-23: a file, or a place below one, is no directory for a store, and is said so by its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-odd-'));
  const file = join(folder, 'file');
  writeFileSync(file, 'something else');
  for (const directory of [file, join(file, 'below')]) {
    const refused = await openFileDriver(systemPorts(), { directory }).then(
      () => 'it was opened',
      (error: Error) => error.message,
    );
    assert.ok(refused.includes(file), refused);
  }
  rmSync(folder, { recursive: true });
});

test('a place where nobody can make anything is an error at once, and no wait', async () => {
  if (process.platform !== 'linux') return;
  for (const directory of ['/proc/gnatlet', '/proc/gnatlet/below']) {
    const refused = await openFileDriver(systemPorts(), { directory }).then(
      () => 'it was opened',
      (error: Error) => error.message,
    );
    assert.ok(refused.includes('/proc/gnatlet'), refused);
  }
});

test.run();
