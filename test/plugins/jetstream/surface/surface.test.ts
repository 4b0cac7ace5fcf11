/** Each call of the official clients gets here what it was heard to get from nats-server 2.15.1. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../../bin/testing.ts';
import { oneLine, recorded } from '../recordings.ts';
import { SURFACES } from './surfaces.ts';

for (const surface of SURFACES) {
  test(surface.name, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gnatlet-surface-'));
    try {
      await using broker = await testBroker({ jetstream: { store_dir: directory } });
      const missing: string[] = [];
      const heard = (await surface.play(broker.url, missing)).map(oneLine);
      assert.equal(missing, [], 'every method is called');
      const expected = recorded({ name: surface.name, said: [] });
      for (let line = 0; line < Math.max(heard.length, expected.length); line++) {
        assert.is(heard[line], expected[line]);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test.run();
