/** /jsz: what there is of streams and consumers, account by account. */
import { textFromSubject, wireTime } from '../../kernel/plugin-api.ts';
import { consumerInfo } from '../../protocols/jetstream/consumer-info.ts';
import { streamInfo } from '../../protocols/jetstream/stream-info.ts';
import type { MonitorAnswer, MonitorEndpoint, MonitorQuery } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import { consumerFactsOf } from './api/consumer-facts.ts';
import { factsOf } from './api/stream-facts.ts';
import type { JetStreamConfig } from './config.ts';
import type { Consumer } from './consumer/consumer.ts';
import { configKeys, limitKeys, statsKeys } from './monitor-figures.ts';
import type { ServerLimits } from './server-limits.ts';
import type { Stream } from './stream/stream.ts';

const ACCOUNTS_USUAL = 1024;

interface Wish {
  readonly account: string;
  readonly hasAccounts: boolean;
  readonly hasStreams: boolean;
  readonly hasConsumers: boolean;
  readonly hasConfig: boolean;
  readonly hasRaft: boolean;
  readonly hasDirect: boolean;
  readonly offset: number;
  readonly limit: number;
}

export interface Shown {
  readonly config: JetStreamConfig;
  readonly limits: ServerLimits;
  readonly accounts: readonly StreamAccount[];
}

export function jszEndpoint(shown: () => Shown): MonitorEndpoint {
  return {
    path: '/jsz',
    title: 'JetStream',
    countedAs: '/jsz',
    answer: (query) => answer(shown(), wishOf(query)),
  };
}

/** Details of consumers are asked for with those of streams, and these with those of accounts. */
function wishOf(query: MonitorQuery): Wish {
  const account = query.text('acc');
  const hasConsumers = query.boolean('consumers');
  const hasStreams = query.boolean('streams') || hasConsumers;
  const limit = query.integer('limit');
  // This server leads all it has, alone.
  for (const flag of ['leader-only', 'stream-leader-only']) query.boolean(flag);
  return {
    account,
    hasAccounts: query.boolean('accounts') || hasStreams || account !== '',
    hasStreams,
    hasConsumers,
    hasConfig: query.boolean('config'),
    hasRaft: query.boolean('raft'),
    hasDirect: query.boolean('direct-consumers'),
    offset: Math.max(0, query.integer('offset')),
    limit: limit === 0 ? ACCOUNTS_USUAL : limit < 0 ? Number.POSITIVE_INFINITY : limit,
  };
}

function answer({ config, limits, accounts }: Shown, wish: Wish): MonitorAnswer {
  const streams = accounts.flatMap((account) => [...account.streams.values()]);
  const consumers = streams.reduce((sum, stream) => sum + stream.consumers.size, 0);
  const of = accounts[0]?.of;
  const shown = wish.hasAccounts ? chosen(accounts, wish) : [];
  return {
    json: {
      ...statsKeys(accounts),
      server_id: of?.broker.identity.id,
      now: of === undefined ? undefined : wireTime(of.clock.now()),
      config: configKeys(config, limits),
      limits: limitKeys(config),
      streams: streams.length,
      streams_leader: wish.hasRaft ? streams.length : undefined,
      consumers,
      consumers_leader: wish.hasRaft ? consumers : undefined,
      messages: streams.reduce((sum, { log }) => sum + log.count, 0),
      bytes: streams.reduce((sum, { log }) => sum + log.bytes, 0),
      account_details: shown.length > 0 ? details(shown, wish) : undefined,
      total: accounts.length,
    },
  };
}

function chosen(accounts: readonly StreamAccount[], { account, offset, limit }: Wish): readonly StreamAccount[] {
  if (account !== '') return accounts.filter(({ account: { name } }) => textFromSubject(name) === account);
  const sorted = [...accounts].sort((left, right) => (left.account.name < right.account.name ? -1 : 1));
  return sorted.slice(offset, offset + limit);
}

function* details(accounts: readonly StreamAccount[], wish: Wish): Generator<object> {
  for (const account of accounts) {
    const { name, title } = account.account;
    const id = textFromSubject(name);
    const { api, ...stats } = statsKeys([account]);
    const { maxMemory, maxStorage } = account.limits;
    yield {
      name: title === '' ? id : title,
      id,
      ...stats,
      // Here these are what the account may take.
      reserved_memory: BigInt.asUintN(64, BigInt(maxMemory)),
      reserved_storage: BigInt.asUintN(64, BigInt(maxStorage)),
      accounts: 0,
      api: { ...api, level: 0 },
      stream_detail: wish.hasStreams ? listed(account.sorted().map((stream) => streamDetail(stream, wish))) : undefined,
    };
  }
}

/** An empty list is left out. */
function listed(all: readonly object[]): readonly object[] | undefined {
  return all.length === 0 ? undefined : all;
}

function streamDetail(stream: Stream, wish: Wish): object {
  const facts = factsOf(stream, { isStamped: false, hasDomain: false, hasLeader: true });
  const { config, created, state, cluster, mirror, sources } = JSON.parse(streamInfo.print(facts)) as Told;
  const consumers = wish.hasConsumers ? stream.consumers.listed() : [];
  const direct = wish.hasDirect ? stream.consumers.direct() : [];
  return {
    name: stream.name,
    created,
    cluster,
    config: wish.hasConfig ? config : undefined,
    state,
    consumer_detail: listed(consumers.map((one) => consumerDetail(one, wish))),
    direct_consumer_detail: listed(direct.map((one) => consumerDetail(one, wish))),
    mirror,
    sources,
  };
}

function consumerDetail(consumer: Consumer, { hasConfig }: Wish): object {
  const told = JSON.parse(consumerInfo.print(consumerFactsOf(consumer, false))) as Told;
  return { ...told, config: hasConfig ? told.config : undefined };
}

type Told = Readonly<Record<string, unknown>>;
