/** How much streams may take, and what is said where there is no more. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ServerConfig, testBroker } from '../../../bin/testing.ts';
import type { Disk } from '../../../kernel/ports/ports.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { serverLimits } from '../../../plugins/jetstream/server-limits.ts';
import { Folder, run } from '../../bin/broker-process.ts';
import { converse } from './converse.ts';
import { accountsWith, LIMIT_CONVERSATIONS } from './limit-conversations.ts';
import { oneLine, recorded } from './recordings.ts';

for (const conversation of LIMIT_CONVERSATIONS) {
  test(`${conversation.name}: told as nats-server 2.15.1 was heard to tell it`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gnatlet-limits-'));
    const lines: string[] = [];
    const log = { error: (text: string) => void lines.push(text), info: () => {} };
    try {
      const jetstream = { ...conversation.config, store_dir: directory };
      const config = { jetstream, ...accountsWith(conversation.account) } as ServerConfig;
      await using broker = await testBroker(config, { log });
      const client = await connect({ servers: broker.url! });
      const heard = (await converse(client, conversation)).map(oneLine);
      await client.close();
      const expected = recorded(conversation);
      for (let line = 0; line < Math.max(heard.length, expected.length); line++) {
        const asked = heard.slice(0, line + 1).findLast((text) => text.startsWith('>'));
        assert.is(heard[line], expected[line], asked);
      }
      const refused = heard.some((text) => text.includes('"err_code":10023'));
      const told = ['memory', 'file'].map((storage) => `JetStream ${storage} resource limits exceeded for server`);
      assert.equal(lines, refused ? told : [], 'each is said once, however many messages are refused');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

const UNSET = { maxMemory: -1, maxStorage: -1 };
const diskWith = (freeBytes: number, takenBytes: number): Disk =>
  Object.assign(Object.create(systemPorts().disk), { room: async () => ({ freeBytes, takenBytes }) });

test('where nothing is said streams may take three quarters of the memory and of the free disk', async () => {
  const { disk } = systemPorts();
  const { maxMemory, maxStorage } = await serverLimits(UNSET, disk, '/tmp/no/such/folder/yet');
  const { bavail, bsize } = statfsSync('/tmp');
  assert.ok(maxMemory > 0 && maxMemory <= (totalmem() / 4) * 3);
  assert.ok(Math.abs(maxStorage - ((bavail * bsize) / 4) * 3) < (bavail * bsize) / 10);
});

test('what streams have taken before counts as free: a full server does not refuse everything after a restart', async () => {
  assert.is((await serverLimits(UNSET, diskWith(100, 300), '/any')).maxStorage, 300);
});

test('a disk of unknown size holds a terabyte', async () => {
  const broken: Disk = Object.assign(Object.create(systemPorts().disk), {
    room: () => Promise.reject(new Error('EPERM')),
  });
  for (const disk of [diskWith(Number.POSITIVE_INFINITY, 0), broken]) {
    assert.is((await serverLimits(UNSET, disk, '/any')).maxStorage, 2 ** 40);
  }
  assert.is((await serverLimits(UNSET, systemPorts().disk, null)).maxStorage, 2 ** 40);
});

test('what is configured is taken as it is, nothing included', async () => {
  const none = { maxMemory: 0, maxStorage: 0 };
  assert.equal(await serverLimits(none, systemPorts().disk, '/tmp'), none);
});

/** What a configuration says, and what nats-server 2.15.1 made of it: bytes, or its words. */
const SIZES: readonly [written: string, meant: number | string][] = [
  ['1g', 1e9],
  ['1G', 1e9],
  ['1gb', 2 ** 30],
  ['1GB', 2 ** 30],
  ['1Gi', 2 ** 30],
  ['1GiB', 2 ** 30],
  ['64mb', 64 * 2 ** 20],
  ['1T', 1e12],
  ['4096', 4096],
  ['0', 0],
  ['"1G"', 2 ** 30],
  ['"1K"', 1024],
  ['"2T"', 2 ** 41],
  ['""', 0],
  ['"1GB"', 'max_mem_store strconv.ParseInt: parsing "1G": invalid syntax'],
  ['"1 G"', 'max_mem_store strconv.ParseInt: parsing "1 ": invalid syntax'],
  ['"1.5G"', 'max_mem_store strconv.ParseInt: parsing "1.5": invalid syntax'],
  ['"64mb"', 'max_mem_store strconv.ParseInt: parsing "64m": invalid syntax'],
  ['"1024"', 'max_mem_store sizes defined as strings must end in K, M, G, T'],
  ['"1g"', 'max_mem_store sizes defined as strings must end in K, M, G, T'],
];

test('sizes are understood as nats-server understands them, and refused in its words', async () => {
  using folder = new Folder();
  for (const [written, meant] of SIZES) {
    if (typeof meant === 'number') {
      const path = folder.write(
        'a.conf',
        `jetstream { store_dir: ${JSON.stringify(folder.file('data'))}, max_mem: ${written}, max_file: ${written} }\n`,
      );
      await using broker = await testBroker({ configFile: path });
      const client = await connect({ servers: broker.url! });
      const ask = async (storage: string, bytes: number): Promise<boolean> => {
        const request = JSON.stringify({ name: 'A', subjects: ['a'], storage, max_bytes: bytes });
        const { error } = (await client.request('$JS.API.STREAM.CREATE.A', request)).json<{ error?: object }>();
        await client.request('$JS.API.STREAM.DELETE.A', '');
        return error === undefined;
      };
      for (const storage of ['memory', 'file']) {
        if (meant > 0) assert.ok(await ask(storage, meant), `${written}: ${storage} of ${meant} bytes`);
        assert.not(await ask(storage, meant + 1), `${written}: ${storage} of ${meant + 1} bytes`);
      }
      await client.close();
    } else {
      folder.write('a.conf', `jetstream { max_mem: ${written} }\n`);
      const { err } = await run(['-t', '-c', 'a.conf'], folder.path);
      assert.is(err.trimEnd(), `nats-server: a.conf:1:12: ${meant}`, written);
    }
  }
});

test.run();
