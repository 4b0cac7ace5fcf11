/** /subsz: figures about the subscriptions, and the subscriptions themselves if asked for. */
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { BadRequest } from '../http/query.ts';
import { type Account, heading, type Monitor, type Subscription } from '../monitor.ts';
import { utcTime } from '../texts.ts';
import { LIMIT } from './connz-request.ts';
import { sublistFigures } from './sublist-figures.ts';
import { subscriptionEntry } from './subscription-entry.ts';

/** Those of links to other servers are told elsewhere. */
const LINK: Subscription['kind'] = 2;

interface Shown {
  readonly account: Account;
  readonly subscription: Subscription;
}

export async function subsz(monitor: Monitor, query: MonitorQuery): Promise<MonitorAnswer> {
  const isDetailed = query.boolean('subs');
  const offset = Math.max(0, query.integer('offset'));
  const limit = positive(query.integer('limit'));
  const test = readTest(query.text('test'));
  const accounts = accountsFor(monitor, query.text('acc'));
  const { server_id, now } = heading(monitor);
  const found = isDetailed ? await find(monitor, accounts, test) : [];
  const page = found.slice(offset, offset + limit);
  return {
    json: {
      server_id,
      now: utcTime(now),
      ...sublistFigures(accounts),
      total: found.length,
      offset,
      limit,
      subscriptions_list: page.length > 0 ? rows(page) : undefined,
    },
  };
}

function positive(limit: number): number {
  return limit <= 0 ? LIMIT : limit;
}

function readTest(subject: string): string[] | null {
  if (subject === '') return null;
  const tokens = Buffer.from(subject).toString('latin1').split('.');
  const isLiteral = tokens.every((token) => token !== '' && token !== '*' && token !== '>' && !/\s/.test(token));
  if (!isLiteral) throw new BadRequest(`invalid test subject, must be valid publish subject: ${subject}`);
  return tokens;
}

function accountsFor({ broker }: Monitor, name: string): Account[] {
  if (name === '') return [...broker.accounts.all()];
  const account = broker.accounts.get(name);
  return account === undefined ? [] : [account];
}

async function find(monitor: Monitor, accounts: readonly Account[], test: readonly string[] | null): Promise<Shown[]> {
  const found: Shown[] = [];
  const pace = monitor.pace();
  for (const account of accounts) {
    const { sublist } = account;
    for (let slot = 0; slot < sublist.slotCount; slot++) {
      for (const subscription of sublist.subscriptionsAt(slot)) {
        if (subscription.kind === LINK || (test !== null && !covers(subscription.pattern, test))) continue;
        found.push({ account, subscription });
      }
      if (pace.isDue) await pace.rest();
    }
  }
  return found;
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
  for (const { account, subscription } of page) {
    const cid = (subscription.sink as { id?: number }).id ?? 0;
    yield subscriptionEntry(subscription, cid, account.name, account.name);
  }
}
