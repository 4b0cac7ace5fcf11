/** /accstatz: connections and traffic of each account. */
import { wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { type Account, heading, type Monitor } from '../monitor.ts';
import { clientCount } from './accountz.ts';

const NOTHING = { msgs: 0, bytes: 0 };

export function accstatz(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  const isUnusedShown = query.boolean('unused');
  const { server_id, now } = heading(monitor);
  const rows = statistics(monitor, isUnusedShown);
  return { json: { server_id, now: wireTime(now), account_statz: rows } };
}

/** An account that is not shown is an empty row: looking at it took time as well. */
function* statistics(monitor: Monitor, isUnusedShown: boolean): Iterable<object | undefined> {
  for (const account of [...monitor.broker.accounts.all()]) {
    const more = moreOf(monitor, account);
    const clients = clientCount(account);
    const leafnodes = Number(more.leafnodes ?? 0);
    const isShown = isUnusedShown || clients + leafnodes > 0;
    yield isShown ? entryOf(account, more, clients, leafnodes) : undefined;
  }
}

/** One account, whether or not anybody is connected. */
export function accountStatistics(monitor: Monitor, account: Account): object {
  const more = moreOf(monitor, account);
  return entryOf(account, more, clientCount(account), Number(more.leafnodes ?? 0));
}

function entryOf(
  account: Account,
  more: Readonly<Record<string, unknown>>,
  clients: number,
  leafnodes: number,
): object {
  const { inMessages, outMessages, inBytes, outBytes } = account.traffic();
  const parts = { gateways: NOTHING, routes: NOTHING, leafs: NOTHING };
  return {
    acc: account.name,
    name: more.name ?? account.name,
    conns: clients,
    leafnodes,
    total_conns: clients + leafnodes,
    num_subscriptions: account.sublist.count,
    sent: { msgs: outMessages, bytes: outBytes, ...parts, ...(more.sent as object | undefined) },
    received: { msgs: inMessages, bytes: inBytes, ...parts, ...(more.received as object | undefined) },
    slow_consumers: account.slowConsumers,
  };
}

function moreOf({ sections }: Monitor, account: Account): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...sections.map((section) => section.accountStatistics?.(account)));
}
