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
    const isShown = isUnusedShown || clients + leafsOf(account, more) > 0;
    yield isShown ? entryOf(account, more, clients) : undefined;
  }
}

/** One account, whether or not anybody is connected. */
export function accountStatistics(monitor: Monitor, account: Account): object {
  const more = moreOf(monitor, account);
  return entryOf(account, more, clientCount(account));
}

function entryOf(account: Account, more: Readonly<Record<string, unknown>>, clients: number): object {
  const own = account.traffic();
  const leafs = account.linkTraffic();
  const leafnodes = leafsOf(account, more);
  const sent = { gateways: NOTHING, routes: NOTHING, leafs: { msgs: leafs.outMessages, bytes: leafs.outBytes } };
  const received = { gateways: NOTHING, routes: NOTHING, leafs: { msgs: leafs.inMessages, bytes: leafs.inBytes } };
  return {
    acc: account.name,
    name: more.name ?? account.name,
    conns: clients,
    leafnodes,
    total_conns: clients + leafnodes,
    num_subscriptions: account.sublist.count,
    sent: {
      msgs: own.outMessages + leafs.outMessages,
      bytes: own.outBytes + leafs.outBytes,
      ...sent,
      ...(more.sent as object | undefined),
    },
    received: {
      msgs: own.inMessages + leafs.inMessages,
      bytes: own.inBytes + leafs.inBytes,
      ...received,
      ...(more.received as object | undefined),
    },
    slow_consumers: account.slowConsumers,
  };
}

/** Some may be counted by plugins of their own. */
function leafsOf({ links }: Account, { leafnodes }: Readonly<Record<string, unknown>>): number {
  return links.size + Number(leafnodes ?? 0);
}

function moreOf({ sections }: Monitor, account: Account): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...sections.map((section) => section.accountStatistics?.(account)));
}
