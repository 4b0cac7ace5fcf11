/** Stores that a server finds in its directory and has no stream for: nothing of them is deleted because it is unknown. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { BrokerProcess, Folder } from '../../bin/broker-process.ts';
import { messageOf } from '../../storage-drivers/file/message-of.ts';

const bodyOf = (seq: number): string => `message ${seq}`;

/** By the driver alone, as a server leaves its directory. */
async function inDriver<T>(
  folder: Folder,
  play: (driver: Awaited<ReturnType<typeof openFileDriver>>) => Promise<T>,
): Promise<T> {
  const driver = await openFileDriver(systemPorts(), { directory: folder.file('data/jetstream'), scrubIntervalMs: 0 });
  return play(driver).finally(() => driver.close());
}

test('D-12: a store that nobody can say the stream of is kept, and told; one that was only begun is in nobody’s way', async () => {
  using folder = new Folder();
  await inDriver(folder, async (driver) => {
    for (const id of ['$G/BAD', 'GONE/S']) {
      const { store } = await driver.open(id);
      for (let seq = 1; seq <= 5; seq++) store.append(seq, seq, 0, 0, messageOf(bodyOf(seq)));
      store.cells.put('stream', Buffer.from('no definition'));
      await store.close();
    }
    // The process ended between the store and the first thing in it.
    await (await driver.open('$G/BEGUN')).store.close();
  });
  {
    await using broker = await BrokerProcess.start(['-js', '-sd', folder.file('data'), '-m', '-1']);
    const text = broker.lines.join('\n');
    assert.match(text, /\[ERR\] the stream in the store '\$G\/BAD' is not served: it does not say what stream/);
    assert.match(text, /\[WRN\] the streams of the account 'GONE' are left where they are, and not served/);
    assert.not.match(text, 'BEGUN');
    const client = await connect({ servers: `127.0.0.1:${broker.port}` });
    const manager = await jetstreamManager(client);
    const refused = await manager.streams
      .add({ name: 'BAD', subjects: ['bad'] })
      .catch((error: Error) => error.message);
    assert.match(String(refused), /the files of a stream 'BAD' are there and can not be read/);
    await manager.streams.add({ name: 'BEGUN', subjects: ['begun'], first_seq: 7 });
    assert.is((await manager.streams.info('BEGUN')).state.last_seq, 6);
    const [, monitor] = /Starting http monitor on (\S+)/.exec(text)!;
    assert.match(await (await fetch(`http://${monitor}/healthz`)).text(), /BAD' could not be recovered/);
    await client.close();
  }
  await inDriver(folder, async (driver) => {
    assert.equal((await driver.list()).sort(), ['$G/BAD', '$G/BEGUN', 'GONE/S']);
    for (const id of ['$G/BAD', 'GONE/S']) assert.is((await driver.open(id)).store.count, 5);
  });
});

test('D-12: the process may end at any point of making a stream, and the stream can be made afterwards', async () => {
  using folder = new Folder();
  for (let round = 0; round < 5; round++) {
    await using broker = await BrokerProcess.start(['-js', '-sd', folder.file('data')]);
    const client = await connect({ servers: `127.0.0.1:${broker.port}`, reconnect: false });
    const manager = await jetstreamManager(client);
    assert.not.match(broker.err.text, /is not served/);
    const name = `S${round}`;
    void manager.streams.add({ name, subjects: [name] }).catch(() => {});
    if (round > 0) await manager.streams.add({ name: `S${round - 1}`, subjects: [`S${round - 1}`] });
    broker.child.kill('SIGKILL');
    await client.closed();
  }
});

test.run();
