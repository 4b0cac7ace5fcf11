/** In operator mode an account has the streams that its token allows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, jwtAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { ACME, accountToken, BOB, operatorToken, type Pair, pairOf, SYSTEM, userToken } from '../operator/issuer.ts';

const storage = (more: object = {}): object => ({
  mem_storage: 0,
  disk_storage: 0,
  streams: 0,
  consumer: 0,
  max_ack_pending: 0,
  mem_max_stream_bytes: 0,
  disk_max_stream_bytes: 0,
  max_bytes_required: false,
  ...more,
});

const TIERED = pairOf('account', 41);
const WITHOUT = pairOf('account', 42);
const THREES = pairOf('account', 43);
const CLAIMS: readonly (readonly [pair: Pair, limits: object])[] = [
  [SYSTEM, {}],
  [
    ACME,
    storage({
      mem_storage: 10_000,
      streams: 2,
      consumer: 1,
      max_ack_pending: 50,
      mem_max_stream_bytes: 5_000,
      max_bytes_required: true,
    }),
  ],
  [TIERED, { tiered_limits: { R1: storage({ mem_storage: 3_000, streams: 1 }), R3: storage({ mem_storage: 1 }) } }],
  [WITHOUT, {}],
  [THREES, { tiered_limits: { R3: storage({ mem_storage: -1 }) } }],
];

const seed = BOB.getSeed();

interface Played {
  as(pair: Pair): Promise<NatsConnection>;
  push(pair: Pair, limits: object): Promise<void>;
}

async function play(run: (played: Played) => Promise<void>): Promise<void> {
  const tokenOf = (pair: Pair, limits: object): Promise<string> => accountToken(pair, { limits } as object);
  const preloads = await Promise.all(
    CLAIMS.map(async ([pair, limits]) => [pair, await tokenOf(pair, limits)] as const),
  );
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-streams-'));
  await using broker = await testBroker({
    jetstream: { store_dir: directory },
    operator: await operatorToken(),
    system_account: SYSTEM.getPublicKey(),
    resolver: 'MEMORY',
    resolver_preload: Object.fromEntries(preloads.map(([pair, token]) => [pair.getPublicKey(), token])),
  });
  const clients: NatsConnection[] = [];
  const as = async (pair: Pair): Promise<NatsConnection> => {
    const jwt = await userToken({}, {}, BOB, pair);
    const client = await connect({ servers: broker.url!, authenticator: jwtAuthenticator(jwt, seed) });
    clients.push(client);
    return client;
  };
  const push = async (pair: Pair, limits: object): Promise<void> => {
    const system = await as(SYSTEM);
    const token = await tokenOf(pair, limits);
    await system.request(`$SYS.REQ.ACCOUNT.${pair.getPublicKey()}.CLAIMS.UPDATE`, token);
  };
  await run({ as, push });
  await Promise.all(clients.map((client) => client.close()));
  await broker.close();
  rmSync(directory, { recursive: true, force: true });
}

async function ask(client: NatsConnection, endpoint: string, body: object = {}): Promise<Told> {
  return (await client.request(`$JS.API.${endpoint}`, JSON.stringify(body))).json<Told>();
}

interface Told {
  readonly error?: { readonly err_code: number };
  readonly limits: Record<string, unknown>;
  readonly tiers?: Record<string, { readonly streams: number; readonly limits: Record<string, unknown> }>;
}

const make = (client: NatsConnection, name: string, more: object = {}): Promise<Told> =>
  ask(client, `STREAM.CREATE.${name}`, { name, storage: 'memory', ...more });
const codeOf = async (told: Promise<Told>): Promise<number | undefined> => (await told).error?.err_code;

test('an account has what its token says, below, at and above', () =>
  play(async ({ as }) => {
    const client = await as(ACME);
    assert.is(await codeOf(make(client, 'A')), 10113);
    assert.is(await codeOf(make(client, 'A', { max_bytes: 5_001 })), 10122);
    assert.is(await codeOf(make(client, 'A', { max_bytes: 5_000 })), undefined);
    assert.is(await codeOf(make(client, 'B', { max_bytes: 5_000 })), undefined);
    assert.is(await codeOf(make(client, 'C', { max_bytes: 1 })), 10027);
    assert.is(await codeOf(make(client, 'F', { storage: 'file', max_bytes: 1 })), 10027);
    const consume = (name: string, maxAckPending: number): Promise<Told> =>
      ask(client, `CONSUMER.CREATE.A.${name}`, {
        stream_name: 'A',
        config: { durable_name: name, ack_policy: 'explicit', max_ack_pending: maxAckPending },
      });
    assert.is(await codeOf(consume('X', 51)), 10121);
    assert.is(await codeOf(consume('X', 50)), undefined);
    assert.is(await codeOf(consume('Y', 1)), 10026);
    const { limits, tiers } = await ask(client, 'INFO');
    assert.is(limits.max_memory, 10_000);
    assert.is(limits.storage_max_stream_bytes, -1);
    assert.is(tiers, undefined);
  }));

test('limits by tier are told by tier, and streams of one copy go by R1', () =>
  play(async ({ as }) => {
    const client = await as(TIERED);
    assert.is(await codeOf(make(client, 'A', { max_bytes: 3_001 })), 10028);
    assert.is(await codeOf(make(client, 'A', { max_bytes: 3_000 })), undefined);
    assert.is(await codeOf(make(client, 'B')), 10027);
    assert.is(await codeOf(make(client, 'B', { num_replicas: 3 })), 10074);
    assert.is(await codeOf(make(client, 'B', { num_replicas: 2 })), 10120);
    const { limits, tiers } = await ask(client, 'INFO');
    assert.is(limits.max_memory, 0);
    assert.equal(Object.keys(tiers!), ['R1', 'R3']);
    assert.is(tiers!.R1!.streams, 1);
    assert.is(tiers!.R1!.limits.max_memory, 3_000);
  }));

test('an account without a tier for single copies has no streams, one without anything is told that it has none', () =>
  play(async ({ as }) => {
    assert.is(await codeOf(make(await as(THREES), 'A')), 10120);
    assert.is(await codeOf(make(await as(WITHOUT), 'A')), 10039);
  }));

test('a token that is pushed changes what the account may have, takes its streams away, and gives them back', () =>
  play(async ({ as, push }) => {
    const client = await as(WITHOUT);
    await push(WITHOUT, storage({ disk_storage: -1, streams: 1 }));
    assert.is(await codeOf(make(client, 'A', { storage: 'file' })), undefined);
    assert.is(await codeOf(make(client, 'B', { storage: 'file' })), 10027);
    await push(WITHOUT, storage({ disk_storage: -1, streams: 2 }));
    assert.is(await codeOf(make(client, 'B', { storage: 'file' })), undefined);
    await push(WITHOUT, {});
    assert.is(await codeOf(ask(client, 'STREAM.NAMES')), 10039);
    await push(WITHOUT, storage({ disk_storage: -1 }));
    assert.equal((await client.request('$JS.API.STREAM.NAMES')).json<{ streams: string[] }>().streams, ['A', 'B']);
  }));

test('the system account is rid of all that an account has when it asks for it', () =>
  play(async ({ as }) => {
    const client = await as(ACME);
    await make(client, 'A', { max_bytes: 10 });
    const system = await as(SYSTEM);
    const answer = await system.request(`$JS.API.ACCOUNT.PURGE.${ACME.getPublicKey()}`);
    assert.is(answer.string(), '{"type":"io.nats.jetstream.api.v1.account_purge_response","initiated":true}');
    assert.is((await client.request('$JS.API.STREAM.NAMES')).json<{ total: number }>().total, 0);
    const { error } = (await system.request('$JS.API.STREAM.NAMES')).json<Told>();
    assert.is(error?.err_code, 10039);
  }));

test.run();
