/** What operators are told of streams, here and by a genuine server: the same words for the same streams. */
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../kits/until.ts';
import { gnatletTarget, type Target } from '../wire/targets.ts';
import { genuineOrSkip, Side } from './side.ts';

const genuine = genuineOrSkip();

const ACCOUNTS = `
server_name: srv
system_account: SYS
accounts {
  SYS { users: [{ user: sys, password: sys }] }
  A { users: [{ user: a, password: a }], jetstream: enabled }
  B { users: [{ user: b, password: b }] }
}
`;

type Json = { readonly [key: string]: unknown };

const A = { user: 'a', pass: 'a' };

interface Look {
  readonly client: NatsConnection;
  readonly system: NatsConnection;
}

function at<T>(target: Target, block: object, play: (look: Look) => Promise<T>): Promise<T> {
  return Side.start(target, block, ACCOUNTS).then(async (side) => {
    await using _ = side;
    const login = { user: 'sys', pass: 'sys' };
    return await side.with((client) => side.with((system) => play({ client, system }), login), A);
  });
}

async function both<T>(play: (look: Look) => Promise<T>, block: object = {}): Promise<void> {
  const [here, there] = await Promise.all([at(gnatletTarget(), block, play), at(genuine, block, play)]);
  assert.equal(here, there);
}

async function ask(client: NatsConnection, subject: string, body: object = {}): Promise<Json> {
  return (await client.request(subject, JSON.stringify(body), { timeout: 5000 })).json<Json>();
}

const monitored = async (system: NatsConnection, what: string, body: object = {}): Promise<Json> =>
  (await ask(system, `$SYS.REQ.SERVER.PING.${what}`, body)).data as Json;

/** A mirror and a source that have read what there is. */
async function fill(client: NatsConnection): Promise<void> {
  const make = (name: string, config: object): Promise<Json> =>
    ask(client, `$JS.API.STREAM.CREATE.${name}`, { name, ...config });
  await make('ORDERS', { subjects: ['orders.>'] });
  await make('MIRROR', { mirror: { name: 'ORDERS' } });
  await make('SOURCE', { sources: [{ name: 'ORDERS' }] });
  await ask(client, '$JS.API.CONSUMER.CREATE.ORDERS.C', { stream_name: 'ORDERS', config: { durable_name: 'C' } });
  await ask(client, 'orders.1');
  await until(async () => {
    const { total, streams } = (await ask(client, '$JS.API.STREAM.LIST')) as {
      total: number;
      streams: readonly { state: { messages: number } }[];
    };
    return total === 3 && streams.every(({ state }) => state.messages === 1);
  });
}

test('an account hears of all its consumers, those that read for mirrors and sources as well', () =>
  both(async ({ client, system }) => {
    await fill(client);
    const { streams, consumers } = await ask(client, '$JS.API.INFO');
    const sums = await monitored(system, 'JSZ');
    const { state } = (await ask(client, '$JS.API.STREAM.INFO.ORDERS')) as { state: { consumer_count: number } };
    return [streams, consumers, sums.streams, sums.consumers, sums.messages, state.consumer_count];
  }));

/** Without times, and what was asked. A genuine server tells of streams in any order. */
function lasting(key: string, value: unknown): unknown {
  if (key === 'stream_detail')
    return [...(value as Json[])].sort((one, other) => (`${one.name}` < `${other.name}` ? -1 : 1));
  return ['created', 'ts', 'first_ts', 'last_ts', 'last_active', 'active', 'api'].includes(key) ? undefined : value;
}

for (const wish of [
  {},
  { streams: true },
  { streams: true, consumer: true, config: true },
  { consumer: true },
  { acc: 'B' },
]) {
  test(`the streams of one account are told to the system account that asks ${JSON.stringify(wish)}`, () =>
    both(async ({ client, system }) => {
      await fill(client);
      const told = [];
      for (const account of ['A', 'B', 'SYS', 'NONE']) {
        const { data, error } = await ask(system, `$SYS.REQ.ACCOUNT.${account}.JSZ`, wish);
        told.push(JSON.stringify({ data, error }, lasting));
      }
      return told;
    }));
}

test('accounts have the requests from the system account', () =>
  both(async ({ system }) => {
    const shared = async (account: string): Promise<unknown[]> => {
      const { account_detail: detail } = (await monitored(system, 'ACCOUNTZ', { account })) as {
        account_detail: { imports?: Json[]; exports?: Json[]; jetstream_enabled: boolean };
      };
      const ofStreams = (all: Json[] = []): Json[] => all.filter(({ subject }) => subject === '$JS.API.>');
      return [detail.jetstream_enabled, ofStreams(detail.imports), ofStreams(detail.exports)];
    };
    return [await shared('A'), await shared('B'), await shared('SYS')];
  }));

for (const block of [{}, { max_mem: 2 ** 30 }, { max_mem: 2 ** 30, max_file: 2 ** 30 }]) {
  test(`what is said of compression between servers, with ${Object.keys(block).join(' and ') || 'no limits'}`, () =>
    both(async ({ system }) => {
      const { config } = (await monitored(system, 'JSZ', { config: true })) as { config: Json };
      return [
        config.compress_ok,
        config.strict,
        Object.keys(block).map((key) => config[key.replace('max_mem', 'max_memory')]),
      ];
    }, block));
}

test('nobody answers in an account what is for several servers', () =>
  both(async ({ client }) => {
    const heard: string[] = [];
    for (const subject of ['META.LEADER.STEPDOWN', 'SERVER.REMOVE', 'ACCOUNT.PURGE.A', 'ACCOUNT.STREAM.MOVE.A.S']) {
      const inbox = `heard.${subject}`;
      client.subscribe(inbox, { callback: () => void heard.push(subject) });
      client.publish(`$JS.API.${subject}`, '{}', { reply: inbox });
    }
    // Whatever was asked before has been answered by then.
    await ask(client, '$JS.API.STREAM.NAMES');
    await ask(client, '$JS.API.STREAM.NAMES');
    return heard;
  }));

test.run();
