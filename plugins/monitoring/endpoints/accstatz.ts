/** /accstatz: connections and traffic of each account. */
import { noTraffic, type Traffic, wireTime } from '../../../kernel/plugin-api.ts';
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
  const routes = (more.routes as Traffic | undefined) ?? noTraffic();
  const leafnodes = leafsOf(account, more);
  return {
    acc: account.name,
    name: more.name ?? account.name,
    conns: clients,
    leafnodes,
    total_conns: clients + leafnodes,
    num_subscriptions: account.sublist.count,
    sent: {
      msgs: own.outMessages + routes.outMessages + leafs.outMessages,
      bytes: own.outBytes + routes.outBytes + leafs.outBytes,
      gateways: NOTHING,
      routes: { msgs: routes.outMessages, bytes: routes.outBytes },
      leafs: { msgs: leafs.outMessages, bytes: leafs.outBytes },
      ...(more.sent as object | undefined),
    },
    received: {
      msgs: own.inMessages + routes.inMessages + leafs.inMessages,
      bytes: own.inBytes + routes.inBytes + leafs.inBytes,
      gateways: NOTHING,
      routes: { msgs: routes.inMessages, bytes: routes.inBytes },
      leafs: { msgs: leafs.inMessages, bytes: leafs.inBytes },
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
