/** The other names of the exporter: what it makes of /connz, /subsz, /routez, /accstatz and /healthz. */
import { type Family, gauge, type Sample } from '../exposition/family.ts';
import type { Look } from '../look.ts';
import type { AccountFigures } from '../reading.ts';
import { varzFamilies, varzOf } from './varz.ts';

export function* exporterFamilies(look: Look): Iterable<Family> {
  const varz = varzOf(look);
  yield* varzFamilies(look, varz);
  yield* connz(look);
  yield* subsz(look);
  yield* routez(look, Number(varz.routes));
  yield* accstatz(look);
  yield* healthz(look);
}

function* connz({ prefix, reading: { open } }: Look): Iterable<Family> {
  const name = (end: string): string => `${prefix}_connz_${end}`;
  yield gauge(name('num_connections'), 'Connections that /connz lists.', open.count);
  yield gauge(name('total'), 'Connections that /connz lists, on all its pages.', open.count);
  yield gauge(name('pending_bytes'), 'Bytes that wait to be sent to open connections.', open.pendingBytes);
  yield gauge(name('subscriptions'), 'Subscriptions of open connections.', open.subscriptions);
  yield gauge(name('in_msgs'), 'Messages received from connections that are open now.', open.inMessages);
  yield gauge(name('in_bytes'), 'Bytes received from connections that are open now.', open.inBytes);
  yield gauge(name('out_msgs'), 'Messages sent to connections that are open now.', open.outMessages);
  yield gauge(name('out_bytes'), 'Bytes sent to connections that are open now.', open.outBytes);
}

function* subsz({ prefix, reading: { sublists } }: Look): Iterable<Family> {
  const name = (end: string): string => `${prefix}_subsz_${end}`;
  const average = sublists.plans === 0 ? 0 : sublists.fanOutTotal / sublists.plans;
  yield gauge(name('num_subscriptions'), 'Subscriptions.', sublists.subscriptions);
  yield gauge(name('num_cache'), 'Sets of several patterns that are kept prepared.', sublists.cached);
  yield gauge(name('num_inserts'), 'Subscriptions ever added.', sublists.inserts);
  yield gauge(name('num_removes'), 'Subscriptions ever removed.', sublists.removes);
  yield gauge(name('num_matches'), 'Subjects ever looked up.', sublists.matches);
  yield gauge(name('cache_hit_rate'), 'Always 0: there is no cache of subjects.', 0);
  yield gauge(name('max_fanout'), 'Receivers of the subject with most of them.', sublists.fanOutMax);
  yield gauge(name('avg_fanout'), 'Receivers of a subject, on the average.', average);
}

function* routez({ prefix }: Look, routes: number): Iterable<Family> {
  yield gauge(`${prefix}_routez_num_routes`, 'Connections to other servers of the cluster.', routes);
}

type Figure = readonly [end: string, help: string, of: (account: AccountFigures) => number];

const OF_ACCOUNTS: readonly Figure[] = [
  ['current_connections', 'Clients of the account that are connected.', ({ clients }) => clients],
  [
    'total_connections',
    'Clients and leaf nodes of the account that are connected.',
    ({ clients, leafNodes }) => clients + leafNodes,
  ],
  ['subscriptions', 'Subscriptions in the account.', ({ subscriptions }) => subscriptions],
  ['leaf_nodes', 'Leaf nodes of the account that are connected.', ({ leafNodes }) => leafNodes],
  ['sent_messages', 'Messages sent to the account.', ({ traffic }) => traffic.outMessages],
  ['sent_bytes', 'Bytes sent to the account.', ({ traffic }) => traffic.outBytes],
  ['received_messages', 'Messages received from the account.', ({ traffic }) => traffic.inMessages],
  ['received_bytes', 'Bytes received from the account.', ({ traffic }) => traffic.inBytes],
  ['slow_consumers', 'Connections of the account cut off because they were too slow.', (it) => it.slowConsumers],
];

function* accstatz({ prefix, reading: { accounts } }: Look): Iterable<Family> {
  for (const [end, help, of] of OF_ACCOUNTS) yield gauge(`${prefix}_accstatz_${end}`, help, samplesOf(accounts, of));
}

function* samplesOf(accounts: readonly AccountFigures[], of: (account: AccountFigures) => number): Iterable<Sample> {
  for (const account of accounts) {
    const { name, title } = account;
    yield { value: of(account), labels: { account: name, account_id: name, account_name: title } };
  }
}

function* healthz({ prefix, health }: Look): Iterable<Family> {
  const isWell = health === 'ok';
  yield gauge(`${prefix}_healthz_status`, '0 when all is well, 1 when not.', isWell ? 0 : 1);
  const value = { value: isWell ? 1 : 0, labels: { value: health } };
  yield gauge(`${prefix}_healthz_status_value`, '1 when all is well, 0 when not, with the word for it.', [value]);
}
