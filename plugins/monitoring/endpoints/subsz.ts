/** /subsz: figures about the subscriptions, and the subscriptions themselves if asked for. */
import { wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { BadRequest } from '../http/query.ts';
import { type Account, heading, type Monitor, type Subscription } from '../monitor.ts';
import { LIMIT } from './connz-request.ts';
import { sublistFigures } from './sublist-figures.ts';
import { subscriptionEntry } from './subscription-entry.ts';

/** Those of links to other servers are told elsewhere. */
const LINK: Subscription['kind'] = 2;
/** Subscriptions, and places where there may be some. */
const LOOKS_AT_ONCE = 64;

/** What is shown of one account. */
interface Shown {
  readonly account: Account;
  readonly subscriptions: Subscription[];
}

interface Wanted {
  /** The tokens of a subject; null for every subscription. */
  readonly test: readonly string[] | null;
  readonly offset: number;
  readonly limit: number;
}

export async function subsz(monitor: Monitor, query: MonitorQuery): Promise<MonitorAnswer> {
  const isDetailed = query.boolean('subs');
  const offset = Math.max(0, query.integer('offset'));
  const limit = positive(query.integer('limit'));
  const test = readTest(query.text('test'));
  const accounts = accountsFor(monitor, query.text('acc'));
  const { server_id, now } = heading(monitor);
  const wanted = { test, offset, limit };
  const { total, page } = isDetailed
    ? await monitor.gate.run(() => find(monitor, accounts, wanted))
    : { total: 0, page: [] };
  return {
    json: {
      server_id,
      now: wireTime(now),
      ...sublistFigures(accounts),
      total,
      offset,
      limit,
      subscriptions_list: page.some(({ subscriptions }) => subscriptions.length > 0) ? rows(page) : undefined,
    },
  };
}

function positive(limit: number): number {
  return limit <= 0 ? LIMIT : limit;
}

function readTest(subject: string): string[] | null {
  if (subject === '') return null;
  const tokens = Buffer.from(subject).toString('latin1').split('.');
  const isLiteral = tokens.every((token) => token !== '' && token !== '*' && token !== '>');
  if (!isLiteral) throw new BadRequest(`invalid test subject, must be valid publish subject: ${subject}`);
  return tokens;
}

function accountsFor({ broker }: Monitor, name: string): Account[] {
  if (name === '') return [...broker.accounts.all()];
  const account = broker.accounts.get(name);
  return account === undefined ? [] : [account];
}

/** Counts all, and keeps no more than the page: there may be millions, and all of them on one subject. */
async function find(
  monitor: Monitor,
  accounts: readonly Account[],
  { test, offset, limit }: Wanted,
): Promise<{ total: number; page: Shown[] }> {
  const page: Shown[] = [];
  const pace = monitor.pace();
  let [total, looked] = [0, 0];
  for (const account of accounts) {
    const { sublist } = account;
    const subscriptions: Subscription[] = [];
    page.push({ account, subscriptions });
    for (let slot = 0; slot < sublist.slotCount; slot++) {
      for (const subscription of sublist.subscriptionsAt(slot)) {
        if (++looked % LOOKS_AT_ONCE === 0 && pace.isDue) await pace.rest();
        if (subscription.kind === LINK || (test !== null && !covers(subscription.pattern, test))) continue;
        if (total >= offset && total - offset < limit) subscriptions.push(subscription);
        total++;
      }
      if (slot % LOOKS_AT_ONCE === 0 && pace.isDue) await pace.rest();
    }
  }
  return { total, page };
}

function covers(pattern: string, subject: readonly string[]): boolean {
  const tokens = pattern.split('.');
  for (const [at, token] of tokens.entries()) {
    if (at >= subject.length) return false;
    if (token === '>') return true;
    if (token !== '*' && token !== subject[at]) return false;
  }
  return tokens.length === subject.length;
}

function* rows(page: readonly Shown[]): Iterable<object> {
  for (const { account, subscriptions } of page) {
    for (const subscription of subscriptions) {
      const cid = (subscription.sink as { id?: number }).id ?? 0;
      yield subscriptionEntry(subscription, cid, account.name, account.name);
    }
  }
}
