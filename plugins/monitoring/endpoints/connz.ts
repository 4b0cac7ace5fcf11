/** /connz: the connections, open and closed. */
import { isSubset, subjectFromText, wireTime } from '../../../kernel/plugin-api.ts';
import type { PastSubscription } from '../closed-connections.ts';
import { factsOf, kindText, type MonitoredFacts, subscriptionsOf } from '../connection-facts.ts';
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { type Account, type Connection, heading, type Monitor } from '../monitor.ts';
import { slicedSort } from '../sliced-sort.ts';
import { connectionEntry } from './connection-entry.ts';
import { type ConnzRequest, connzRequest } from './connz-request.ts';
import { comparison } from './connz-sort.ts';

export async function connz(monitor: Monitor, query: MonitorQuery): Promise<MonitorAnswer> {
  const request = connzRequest(query);
  const { server_id, now } = heading(monitor);
  const { offset, limit } = request;
  const account = request.account === '' ? null : monitor.broker.accounts.get(request.account);
  if (account === undefined) {
    const nobody = {
      server_id: '',
      now: wireTime(now),
      num_connections: 0,
      total: 0,
      offset,
      limit,
      connections: null,
    };
    return { json: nobody };
  }
  const { total, page } = await monitor.gate.run(() => pageOf(monitor, request, account));
  const envelope = { server_id, now: wireTime(now), num_connections: page.length, total, offset, limit };
  return { json: { ...envelope, connections: entries(monitor, page, request, now) } };
}

interface Page {
  readonly total: number;
  readonly page: readonly MonitoredFacts[];
}

async function pageOf(monitor: Monitor, request: ConnzRequest, account: Account | null): Promise<Page> {
  const { total, found } = await find(monitor, request, account);
  const sorted = await slicedSort(found, comparison(request.sort, monitor.clock.now()), monitor.pace());
  return { total, page: sorted.slice(request.offset, request.offset + request.limit) };
}

interface Found {
  /** Before all filters but the one by account. */
  total: number;
  found: MonitoredFacts[];
}

async function find(monitor: Monitor, request: ConnzRequest, account: Account | null): Promise<Found> {
  const { state } = request;
  const open = state === 'closed' ? [] : openConnections(monitor, account);
  const closed = state === 'open' ? [] : closedConnections(monitor, account);
  const total = open.length + closed.length;
  if (request.cid > 0) return { total, found: findOne(monitor, request).filter((facts) => isIn(account, facts)) };
  const found: MonitoredFacts[] = [];
  const pace = monitor.pace();
  for (const connection of open) {
    // It may have been closed since the list was made, and is then no longer to be shown as open.
    if (!connection.isClosed && subscribes(connection, account, request))
      keepWanted(found, factsOf(connection, monitor.sections), request);
    if (pace.isDue) await pace.rest();
  }
  for (const facts of closed) keepWanted(found, facts, request);
  return { total, found };
}

function subscribes(connection: Connection, account: Account | null, { filterSubject }: ConnzRequest): boolean {
  if (account === null || filterSubject === '') return true;
  const filter = subjectFromText(filterSubject);
  for (const { pattern } of subscriptionsOf(connection)) if (isSubset(pattern, filter)) return true;
  return false;
}

function openConnections({ broker, sections }: Monitor, account: Account | null): Connection[] {
  const { connections, links } = account ?? { connections: broker.connections.values(), links: broker.links };
  return [...connections, ...links].filter((connection) => kindText(connection, sections) !== '');
}

function closedConnections({ closed }: Monitor, account: Account | null): readonly MonitoredFacts[] {
  return account === null ? closed.list() : closed.list().filter((facts) => isIn(account, facts));
}

/** Whoever was not let in is in no account. */
function isIn(account: Account | null, facts: MonitoredFacts): boolean {
  return account === null || (facts.isLetIn && facts.account === account.name);
}

function findOne({ broker, closed, sections }: Monitor, { cid, state }: ConnzRequest): MonitoredFacts[] {
  const connection = state === 'closed' ? undefined : broker.connections.get(cid);
  if (connection?.kindName === 'client') return [factsOf(connection, sections)];
  const past = state === 'open' ? undefined : closed.find(cid);
  return past === undefined ? [] : [past];
}

function keepWanted(found: MonitoredFacts[], facts: MonitoredFacts, { user, mqttClient }: ConnzRequest): void {
  if (user !== '' && facts.user !== user) return;
  if (mqttClient !== '' && facts.more?.mqtt_client !== mqttClient) return;
  found.push(facts);
}

function* entries(
  monitor: Monitor,
  page: readonly MonitoredFacts[],
  request: ConnzRequest,
  now: number,
): Iterable<object> {
  for (const facts of page)
    yield connectionEntry(facts, subscriptionsFor(monitor, facts, request), { ...request, now });
}

function subscriptionsFor(
  { broker, closed }: Monitor,
  { id, stoppedAt }: MonitoredFacts,
  { subscriptions }: ConnzRequest,
): Iterable<PastSubscription> {
  if (subscriptions === 'none') return [];
  if (stoppedAt !== null) return closed.subscriptionsOf(id);
  const connection = broker.connections.get(id) ?? [...broker.links].find((link) => link.id === id);
  return connection === undefined ? [] : subscriptionsOf(connection);
}
