/** A directory with the files of a nats-server: it is left as it is, and whoever starts on it is told what to do. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { foreignStore } from '../../../plugins/jetstream/foreign-store.ts';
import { BrokerProcess, Folder, run } from '../../bin/broker-process.ts';
import { genuineProgram, startGenuine } from '../../kits/genuine-server.ts';

const { disk } = systemPorts();

function digest(directory: string): string {
  const sum = createHash('sha256');
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name);
    sum.update(path);
    if (entry.isFile()) sum.update(readFileSync(path));
  }
  return sum.digest('hex');
}

/** What a start on it and the tool say; nothing may change by either. */
async function refused(folder: Folder): Promise<string> {
  const before = digest(folder.file('data'));
  const { code, err } = await run(['-js', '-sd', 'data', '-p', '-1'], folder.path);
  assert.is(code, 1);
  for (const action of ['check', 'repair', 'dump']) {
    const tool = await run(['store', action, 'data'], folder.path);
    assert.is(tool.code, 1);
    assert.match(tool.err, /holds the streams of a nats-server \(.*\$G/);
  }
  assert.is(digest(folder.file('data')), before, 'nothing was touched');
  return err;
}

test('D-23: the files of a nats-server end the start, with what to do instead', async () => {
  using folder = new Folder();
  const stream = folder.file('data/jetstream/$G/streams/ORDERS');
  mkdirSync(join(stream, 'msgs'), { recursive: true });
  writeFileSync(join(stream, 'meta.inf'), '{"name":"ORDERS"}');
  writeFileSync(join(stream, 'msgs', '1.blk'), 'what is in it does not matter');
  mkdirSync(folder.file('data/jetstream/$SYS/_js_'), { recursive: true });
  const err = await refused(folder);
  assert.match(
    err,
    /Can't start JetStream: data\/jetstream holds the streams of a nats-server \(\$G, \$SYS\), whose files are not used here; nothing was touched\. /,
  );
  assert.match(
    err,
    /"gnatlet store import FROM --into DIR" takes over what it kept.*what is encrypted goes by backups \("nats account backup FOLDER"/,
  );
});

test('other files, empty folders, and folders that are not there are none of a nats-server', async () => {
  using folder = new Folder();
  mkdirSync(folder.file('empty/$G/streams'), { recursive: true });
  mkdirSync(folder.file('other/photos/streams/of/mine'), { recursive: true });
  for (const name of ['empty', 'other', 'absent']) assert.is(await foreignStore(disk, folder.file(name)), null, name);
});

test('a folder that is in use here stays so, whatever else was put into it', async () => {
  using folder = new Folder();
  for (let times = 0; times < 2; times++) {
    await using broker = await BrokerProcess.start(['-js', '-sd', 'data'], folder.path);
    broker.child.kill('SIGTERM');
    assert.is(await broker.ended(), 0);
    mkdirSync(folder.file('data/jetstream/$G/streams/OLD/msgs'), { recursive: true });
  }
});

const genuine = genuineProgram('2.');

test('the real folder of a genuine server is recognised, and serves that server afterwards as before', async () => {
  if (genuine === null) {
    console.log('skipped: no nats-server on PATH, and GNATLET_NATS_SERVER names none');
    return;
  }
  using folder = new Folder();
  const config = `jetstream { store_dir: ${JSON.stringify(folder.file('data'))}, sync_interval: always }`;
  const count = async (publishes: boolean): Promise<number> => {
    const server = await startGenuine(genuine, config);
    const client = await connect({ servers: `127.0.0.1:${server.port}` });
    const manager = await jetstreamManager(client);
    if (publishes) {
      await manager.streams.add({ name: 'A', subjects: ['a'] });
      for (let seq = 1; seq <= 10; seq++) await jetstream(client).publish('a', 'x');
    }
    const { messages } = (await manager.streams.info('A')).state;
    await client.close();
    await server.stop();
    return messages;
  };
  assert.is(await count(true), 10);
  assert.match(await refused(folder), /holds the streams of a nats-server \(\$G/);
  assert.is(await count(false), 10);
});

test.run();
