/** Clients that have nothing to do with streams, on a server that stores as much as it can. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asked } from '../../bench/scale/answers-while-storing.ts';
import { StreamClient } from '../../bench/scale/stream-client.ts';
import { BrokerProcess, Folder } from '../../bin/broker-process.ts';

/** A machine that does other things as well takes its time; a turn that stores without end would take seconds. */
const P99_MICROS_MAX = 150_000;
const SECONDS = 2;

for (const storage of ['memory', 'file']) {
  test(`requests are answered while a stream, ${storage}, is stored to without pause`, async () => {
    using folder = new Folder();
    folder.write('a.conf', 'jetstream: enabled\nstore_dir: data\n');
    await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
    const address = { host: '127.0.0.1', port: broker.port };
    const clients = await Promise.all([1, 2, 3].map(() => StreamClient.open(address)));
    const [publisher, responder, requester] = clients as [StreamClient, StreamClient, StreamClient];
    await publisher.api('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage, max_msgs: 100_000 });
    const { p99Micros } = (await asked(publisher, responder, requester, SECONDS)).summary();
    const { last_seq: stored } = JSON.parse(await publisher.api('STREAM.INFO.S')).state;
    for (const client of clients) client.close();
    assert.ok(stored > 20_000, `only ${stored} were stored`);
    assert.ok(p99Micros < P99_MICROS_MAX, `${p99Micros} us`);
  });
}

test.run();
