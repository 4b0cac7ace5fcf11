/** Whatever is asked of a stream with very many messages: no turn of the broker takes long, so that nobody else has to wait. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { StreamClient } from '../../../bench/scale/stream-client.ts';
import { store } from '../../../bench/scale/stream-server.ts';
import { BrokerProcess, Folder } from '../../../bin/broker-process.ts';

const COUNT = 300_000;
/** With all in one turn it takes some hundred milliseconds; turns are made of pieces of two. */
const TURN_MICROS_MAX = 60_000;
const PROBE = new URL('turn-probe.js', import.meta.url).href;

interface Work {
  readonly what: string;
  readonly storage?: 'memory' | 'file';
  readonly config?: object;
  /** Each has its own unless told. */
  readonly subjectOf?: (at: number) => string;
  run(client: StreamClient, config: object): Promise<unknown>;
  /** How many messages are there afterwards. */
  readonly left: number;
}

const ownOf = (at: number): string => `s.${at}`;

const WORKS: readonly Work[] = [
  {
    what: 'a page of its subjects is told',
    run: (client) => client.api('STREAM.INFO.S', { subjects_filter: '>', offset: 100_000 }),
    left: COUNT,
  },
  {
    what: 'it may have ten messages from now on',
    run: (client, config) => client.api('STREAM.UPDATE.S', { ...config, max_msgs: 10 }),
    left: 10,
  },
  {
    what: 'it may have ten messages from now on',
    storage: 'file',
    run: (client, config) => client.api('STREAM.UPDATE.S', { ...config, max_msgs: 10 }),
    left: 10,
  },
  {
    what: 'each of its subjects may have one message from now on',
    subjectOf: (at) => `s.${at % 300}`,
    run: (client, config) => client.api('STREAM.UPDATE.S', { ...config, max_msgs_per_subject: 1 }),
    left: 300,
  },
  {
    what: 'half of it is purged by subject',
    subjectOf: (at) => `s.${at % 2}.${at}`,
    run: (client) => client.api('STREAM.PURGE.S', { filter: 's.1.*' }),
    left: COUNT / 2,
  },
  {
    what: 'all but the last ten are purged',
    run: (client) => client.api('STREAM.PURGE.S', { keep: 10 }),
    left: 10,
  },
  {
    what: 'all before one are purged',
    run: (client) => client.api('STREAM.PURGE.S', { seq: COUNT - 9 }),
    left: 10,
  },
  {
    what: 'all of it expires',
    run: async (client, config) => {
      await client.api('STREAM.UPDATE.S', { ...config, max_age: 100_000_000, duplicate_window: 100_000_000 });
      while (JSON.parse(await client.api('STREAM.INFO.S')).state.messages > 0);
    },
    left: 0,
  },
  {
    what: 'all of one subject is rolled up',
    config: { allow_rollup_hdrs: true },
    subjectOf: () => 's.1',
    run: (client) => rollUp(client, 'sub'),
    left: 1,
  },
  {
    what: 'all is rolled up',
    config: { allow_rollup_hdrs: true },
    run: (client) => rollUp(client, 'all'),
    left: 1,
  },
];

for (const { what, storage = 'memory', config = {}, subjectOf = ownOf, run, left } of WORKS) {
  test(`no turn takes long while, of a stream in ${storage}, ${what}`, async () => {
    using folder = new Folder();
    folder.write('a.conf', 'jetstream: enabled\nstore_dir: data\n');
    await using broker = await watched(folder);
    const client = await StreamClient.open({ host: '127.0.0.1', port: broker.port });
    const own = { name: 'S', subjects: ['s.>'], storage, ...config };
    await client.api('STREAM.CREATE.S', own);
    await store(client, COUNT, subjectOf, 16);
    const longest = await longestTurn(broker, () => run(client, own));
    const { messages } = JSON.parse(await client.api('STREAM.INFO.S')).state;
    client.close();
    assert.is(messages, left);
    assert.ok(longest < TURN_MICROS_MAX, `${longest} us`);
  });
}

async function watched(folder: Folder): Promise<BrokerProcess> {
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `${before ?? ''} --import ${PROBE}`;
  try {
    return await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
}

async function longestTurn(broker: BrokerProcess, work: () => Promise<unknown>): Promise<number> {
  const from = broker.err.text.length;
  broker.child.kill('SIGUSR2');
  await broker.err.until('turns are watched', from);
  await work();
  broker.child.kill('SIGUSR2');
  const end = await broker.err.until(' us\n', from);
  return Number(/the longest turn took (\d+) us/.exec(broker.err.text.slice(from, end))![1]);
}

function rollUp(client: StreamClient, extent: string): Promise<string> {
  return client.requestWith(`Nats-Rollup: ${extent}`, 's.1', 'x');
}

test.run();
