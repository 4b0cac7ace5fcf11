/**
 * Configurations of streams and consumers, sound and unsound, beside a genuine server: the same verdict, the same words, and
 * the same configuration in the answer, byte for byte.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamConfig } from '../../protocols/jetstream/stream-config.ts';
import { chosenSeed, Seeded } from '../fuzz/seeded.ts';
import { CONSUMER_PIECES, STREAM_PIECES } from '../protocols/jetstream/config-pieces.ts';
import {
  judgeConsumerCreate,
  judgeStreamCreate,
  judgeStreamUpdate,
  printVerdict,
} from '../protocols/jetstream/judge.ts';
import { genuineOrSkip, Side } from './side.ts';

const genuine = genuineOrSkip();

const ROUNDS = 400;
const seed = chosenSeed();

class GenuineApi {
  private readonly client: NatsConnection;

  constructor(client: NatsConnection) {
    this.client = client;
  }

  async ask(endpoint: string, body = ''): Promise<string> {
    return (await this.client.request(`$JS.API.${endpoint}`, body, { timeout: 10_000 })).string();
  }

  async verdict(endpoint: string, body: string): Promise<string> {
    return verdictOf(await this.ask(endpoint, body));
  }

  async deleteAll(): Promise<void> {
    const { streams } = JSON.parse(await this.ask('STREAM.NAMES')) as { streams: string[] | null };
    for (const name of streams ?? []) await this.ask(`STREAM.DELETE.${name}`);
  }
}

/** The error of an answer, or its configuration without what the server says of itself. */
function verdictOf(answer: string): string {
  const error = /"error":(\{.*\})\}$/.exec(answer);
  if (error !== null) return error[1]!;
  const start = answer.indexOf('"config":') + '"config":'.length;
  return objectAt(answer, start)
    .replace(/"_nats\.level":"\d+",?/, '')
    .replace(/,?"_nats\.ver":"[^"]+"/, '')
    .replace('"metadata":{,', '"metadata":{');
}

function objectAt(text: string, start: number): string {
  let depth = 0;
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === '\\') at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return text.slice(start, at + 1);
  }
  throw new Error(`no object in ${text}`);
}

async function withGenuine(play: (api: GenuineApi) => Promise<void>): Promise<void> {
  await using side = await Side.start(genuine);
  await side.with((client) => play(new GenuineApi(client)));
}

/** Up to three pieces that speak of different things. */
function composed(chance: Seeded, pieces: readonly string[]): string {
  const chosen = new Map<string, string>();
  for (let left = 1 + chance.below(3); left > 0; left--) {
    const members = Object.entries(JSON.parse(`{${chance.pick(pieces)}}`) as Record<string, unknown>);
    if (members.some(([key]) => chosen.has(key))) continue;
    for (const [key, value] of members) chosen.set(key, `"${key}":${JSON.stringify(value)}`);
  }
  return [...chosen.values()].join(',');
}

const ORIGINS: Readonly<Record<string, string>> = {
  ORIG: '{"name":"ORIG","subjects":["orig"],"max_msg_size":100}',
  ODIR: '{"name":"ODIR","subjects":["odir"],"allow_direct":true}',
  CYC: '{"name":"CYC","sources":[{"name":"T"}]}',
  CYCF: '{"name":"CYCF","sources":[{"name":"T","filter_subject":"foo"}]}',
};

/** Those that take nothing from others. */
const QUIET_ORIGINS = ['ORIG', 'ODIR'];

async function makeOrigins(api: GenuineApi, names = Object.keys(ORIGINS)): Promise<Map<string, StreamConfig>> {
  const streams = new Map<string, StreamConfig>();
  for (const name of names) {
    const body = ORIGINS[name]!;
    const made = judgeStreamCreate(name, body, streams);
    assert.is(await api.verdict(`STREAM.CREATE.${name}`, body), printVerdict(made));
    streams.set(name, made as StreamConfig);
  }
  return streams;
}

test('streams are made or refused as a genuine server does, and told in its words', async () => {
  const chance = new Seeded(seed);
  await withGenuine(async (api) => {
    const streams = await makeOrigins(api);
    const single = STREAM_PIECES.flatMap((piece) => [piece, `${piece},"pedantic":true`]);
    const several = Array.from({ length: ROUNDS }, () => composed(chance, STREAM_PIECES));
    for (const members of [...single, ...several]) {
      const body = `{"name":"T",${members}}`;
      const theirs = await api.verdict('STREAM.CREATE.T', body);
      assert.is(printVerdict(judgeStreamCreate('T', body, streams)), theirs, `seed ${seed}: ${members.slice(0, 500)}`);
      if (!theirs.startsWith('{"code"')) await api.ask('STREAM.DELETE.T');
    }
  });
});

/** Genuine servers may stop answering when sources change under way; and a stream of everything takes our requests too. */
const CHANGED_PIECES = STREAM_PIECES.filter((piece) => !/"sources"|">"\],"no_ack"|\$JS\.API\.>/.test(piece));

test('streams are changed, or not, as a genuine server does', async () => {
  const chance = new Seeded(seed + 1);
  await withGenuine(async (api) => {
    const streams = await makeOrigins(api, QUIET_ORIGINS);
    for (let round = 0; round < ROUNDS; round++) {
      const body = `{"name":"T",${composed(chance, CHANGED_PIECES)}}`;
      const before = judgeStreamCreate('T', body, streams);
      const made = await api.verdict('STREAM.CREATE.T', body);
      if (made.startsWith('{"code"')) continue;
      const wanted = `{"name":"T",${composed(chance, CHANGED_PIECES)}}`;
      const theirs = await api.verdict('STREAM.UPDATE.T', wanted);
      const ours = printVerdict(judgeStreamUpdate(before as StreamConfig, wanted, streams));
      assert.is(ours, theirs, `seed ${seed}: ${body.slice(0, 500)} to ${wanted.slice(0, 500)}`);
      await api.ask('STREAM.DELETE.T');
    }
  });
});

const HOSTS = ['', ',"retention":"workqueue"', ',"retention":"interest"'];
const LIMITED = ',"consumer_limits":{"max_ack_pending":50,"inactive_threshold":20000000000}';

test('consumers are made or refused as a genuine server does, and told in its words', async () => {
  const chance = new Seeded(seed + 2);
  await withGenuine(async (api) => {
    for (const extra of [...HOSTS, LIMITED]) {
      await api.deleteAll();
      const host = `{"name":"S","subjects":["orig"]${extra}}`;
      await api.ask('STREAM.CREATE.S', host);
      const stream = judgeStreamCreate('S', host, new Map()) as StreamConfig;
      const several = Array.from({ length: ROUNDS / 2 }, () => composed(chance, CONSUMER_PIECES));
      for (const members of [...CONSUMER_PIECES, ...several]) {
        const pedantic = chance.once(3) ? ',"pedantic":true' : '';
        const body = `{"stream_name":"S","config":{${members}}${pedantic}}`;
        const answer = await api.ask('CONSUMER.CREATE.S', body);
        const ours = printVerdict(judgeConsumerCreate(stream, body));
        assert.is(ours, verdictOf(answer), `seed ${seed}: ${extra} ${body.slice(0, 500)}`);
        const name = /"name":"([^"]+)","created"/.exec(answer);
        if (name !== null) await api.ask(`CONSUMER.DELETE.S.${name[1]}`);
      }
    }
  });
});

test.run();
