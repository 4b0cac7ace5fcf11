/** What the official clients get from a genuine server is what was written down, and what they get here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { genuineProgram, startGenuine } from '../kits/genuine-server.ts';
import { oneLine, record, recorded } from '../plugins/jetstream/recordings.ts';
import { SURFACES } from '../plugins/jetstream/surface/surfaces.ts';
import { skip } from '../runner/skip.ts';

const program = genuineProgram('2.15');
if (program === null) skip('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');

for (const surface of program === null ? [] : SURFACES) {
  test(surface.name, async () => {
    const store = mkdtempSync(join(tmpdir(), 'gnatlet-surface-'));
    const server = await startGenuine(program!, `jetstream { store_dir: ${JSON.stringify(store)} }\n`);
    try {
      const heard = (await surface.play(`nats://127.0.0.1:${server.port}`, [])).map(oneLine);
      if (process.env.GNATLET_RECORD !== undefined) record({ name: surface.name, said: [] }, heard);
      assert.equal(heard, recorded({ name: surface.name, said: [] }));
    } finally {
      await server.stop();
      rmSync(store, { recursive: true, force: true });
    }
  });
}

test.run();
