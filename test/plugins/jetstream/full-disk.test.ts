/** Streams on a disk that has no room left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import type { Disk, OpenFile } from '../../../kernel/ports/ports.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { until } from '../../kits/until.ts';

function noRoom(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

/** The machine's disk, on which new files find no room while it is full. */
class FillableDisk {
  isFull = false;
  readonly disk: Disk;

  constructor(real: Disk) {
    this.disk = Object.assign(Object.create(real), {
      open: async (path: string, use: 'create' | 'read' | 'update') => this.wrapped(await real.open(path, use)),
    });
  }

  private wrapped(file: OpenFile): OpenFile {
    return Object.assign(Object.create(file), {
      preallocate: (from: number, to: number) => (this.isFull ? Promise.reject(noRoom()) : file.preallocate(from, to)),
    });
  }
}

test('D-20 T-21: a full disk refuses messages and says so; when there is room again all goes on, and nothing is lost', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-full-'));
  const fillable = new FillableDisk(systemPorts().disk);
  const lines: string[] = [];
  const log = { error: (text: string) => void lines.push(text), info: (text: string) => void lines.push(text) };
  try {
    await using broker = await testBroker(
      { jetstream: { store_dir: directory } },
      { ports: { disk: fillable.disk }, log },
    );
    const client = await connect({ servers: broker.url! });
    const [js, manager] = [jetstream(client), await jetstreamManager(client)];
    await manager.streams.add({ name: 'A', subjects: ['a'] });
    fillable.isFull = true;
    const body = new Uint8Array(500_000);
    let stored = 0;
    let refusal = '';
    while (refusal === '' && stored < 200) {
      try {
        stored = (await js.publish('a', body, { retries: 0 })).seq;
      } catch (error) {
        refusal = (error as Error).message;
      }
    }
    assert.match(refusal, /store|insufficient|resource/i);
    assert.ok(
      lines.some((line) => line.includes('has no room')),
      lines.join('\n'),
    );
    assert.is((await manager.streams.info('A')).state.messages, stored);
    fillable.isFull = false;
    await until(() => lines.some((line) => line.includes('has room again')));
    assert.is((await js.publish('a', body)).seq, stored + 1);
    await client.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
