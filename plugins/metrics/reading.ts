/** One look at the broker: everything a scrape shows, taken a few milliseconds at a time. */
import { type Clock, fanOutOf, type HookTypes, Pace } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import { type AccountPlaces, noAccounts, OTHER_ACCOUNTS, type PastAccounts } from './account-places.ts';
import { addTraffic, noTraffic, type Traffic } from './traffic.ts';
import type { Watch } from './watch.ts';

type Broker = HookTypes['server'];
type Account = HookTypes['account'];
type Connection = HookTypes['connection'];

export interface AccountFigures {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  clients: number;
  leafNodes: number;
  subscriptions: number;
  slowConsumers: number;
  readonly traffic: Traffic;
}

export interface SublistFigures {
  subscriptions: number;
  cached: number;
  inserts: number;
  removes: number;
  matches: number;
  fanOutMax: number;
  fanOutTotal: number;
  plans: number;
}

/** Of the connections that are there, as far as /connz lists them. */
export interface OpenConnections extends Traffic {
  count: number;
  subscriptions: number;
  pendingBytes: number;
}

export interface Reading {
  readonly accountCount: number;
  /** Those with series of their own, and last the sum of the others, if there are any. */
  readonly accounts: readonly AccountFigures[];
  readonly connectionsByKind: ReadonlyMap<string, number>;
  readonly open: OpenConnections;
  readonly sublists: SublistFigures;
  /** All that ever passed, also in accounts that are gone. */
  readonly traffic: Traffic;
  readonly clientTraffic: Traffic;
}

/** What a reading is taken from. */
export interface Sources {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly places: AccountPlaces;
  readonly watch: Watch;
  readonly sections: readonly MonitorSection[];
}

/**
 * Each account is read in one go, and accounts that are removed meanwhile are read all the same, so that no sum is ever
 * smaller than that of the look before.
 */
export async function takeReading(sources: Sources): Promise<Reading> {
  const { broker, clock, places } = sources;
  const accounts = Array.from(broker.accounts.all(), (account) => ({ account, hasOwn: places.hasOwn(account) }));
  const reader = new Reader(sources, accounts.length);
  const pace = new Pace(clock);
  for (const { account, hasOwn } of accounts) {
    reader.add(account, hasOwn);
    if (pace.isDue) await pace.rest();
  }
  return reader.finish();
}

class Reader {
  private readonly sources: Sources;
  private readonly listed: ReadonlySet<string>;
  private readonly rows: AccountFigures[] = [];
  private readonly others: AccountFigures;
  private otherCount = 0;
  private readonly byKind = new Map<string, number>([['client', 0]]);
  private readonly open: OpenConnections = { count: 0, subscriptions: 0, pendingBytes: 0, ...noTraffic() };
  private readonly sublists = noSublists();
  private readonly sum: PastAccounts;
  private readonly accountCount: number;

  constructor(sources: Sources, accountCount: number) {
    const { gone, goneOthers } = sources.places;
    this.sources = sources;
    this.accountCount = accountCount;
    this.listed = new Set(['client', ...sources.sections.flatMap((each) => Object.keys(each.connectionKinds ?? {}))]);
    this.sum = copyOf(gone);
    this.others = figuresOf(OTHER_ACCOUNTS, OTHER_ACCOUNTS, goneOthers.traffic, goneOthers.slowConsumers);
    if (goneOthers.traffic.inMessages + goneOthers.traffic.outMessages + goneOthers.slowConsumers > 0)
      this.otherCount++;
  }

  add(account: Account, hasOwn: boolean): void {
    const { traffic, clientTraffic, clients } = this.readConnections(account);
    addTraffic(this.sum.traffic, traffic);
    addTraffic(this.sum.clientTraffic, clientTraffic);
    addSublist(this.sublists, account);
    const row = hasOwn ? figuresOf(account.name, account.title || account.name) : this.others;
    row.clients += clients;
    row.leafNodes += account.links.size + this.leafNodesOf(account);
    row.subscriptions += account.sublist.count;
    row.slowConsumers += account.slowConsumers;
    addTraffic(row.traffic, traffic);
    if (hasOwn) this.rows.push(row);
    else this.otherCount++;
  }

  finish(): Reading {
    return {
      accountCount: this.accountCount,
      accounts: this.otherCount > 0 ? [...this.rows, this.others] : this.rows,
      connectionsByKind: this.byKind,
      open: this.open,
      sublists: this.sublists,
      traffic: this.sum.traffic,
      clientTraffic: this.sum.clientTraffic,
    };
  }

  private readConnections(account: Account): { traffic: Traffic; clientTraffic: Traffic; clients: number } {
    const traffic = account.traffic();
    const clientTraffic = { ...traffic };
    addTraffic(clientTraffic, this.sources.watch.pastOthersOf(account), -1);
    let clients = 0;
    for (const connection of account.connections) {
      const { kindName } = connection;
      if (kindName === 'client') clients++;
      else this.addOther(connection, clientTraffic);
      if (this.listed.has(kindName)) addOpen(this.open, connection);
    }
    this.byKind.set('client', this.byKind.get('client')! + clients);
    return { traffic, clientTraffic, clients };
  }

  private addOther(connection: Connection, clientTraffic: Traffic): void {
    const { kindName } = connection;
    this.byKind.set(kindName, (this.byKind.get(kindName) ?? 0) + 1);
    addTraffic(clientTraffic, connection, -1);
  }

  /** Those that a plugin counts itself. */
  private leafNodesOf(account: Account): number {
    let count = 0;
    for (const section of this.sources.sections) count += Number(section.accountStatistics?.(account)?.leafnodes ?? 0);
    return count;
  }
}

function figuresOf(name: string, title: string, past = noTraffic(), slowConsumers = 0): AccountFigures {
  return { name, title, clients: 0, leafNodes: 0, subscriptions: 0, slowConsumers, traffic: { ...past } };
}

function copyOf(past: PastAccounts): PastAccounts {
  const copy = noAccounts();
  addTraffic(copy.traffic, past.traffic);
  addTraffic(copy.clientTraffic, past.clientTraffic);
  return copy;
}

function addOpen(open: OpenConnections, connection: Connection): void {
  open.count++;
  open.pendingBytes += connection.outbound.pendingBytes;
  open.subscriptions += (connection as { subscriptions?: ReadonlyMap<string, unknown> }).subscriptions?.size ?? 0;
  addTraffic(open, connection);
}

function noSublists(): SublistFigures {
  const counts = { subscriptions: 0, cached: 0, inserts: 0, removes: 0, matches: 0 };
  return { ...counts, fanOutMax: 0, fanOutTotal: 0, plans: 0 };
}

function addSublist(sum: SublistFigures, { sublist }: Account): void {
  const { max, total, plans } = fanOutOf(sublist);
  sum.subscriptions += sublist.count;
  sum.cached += plans;
  sum.inserts += sublist.inserts;
  sum.removes += sublist.removes;
  sum.matches += sublist.matches;
  sum.fanOutMax = Math.max(sum.fanOutMax, max);
  sum.fanOutTotal += total;
  sum.plans += plans;
}
