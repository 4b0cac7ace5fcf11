/** /accountz: which accounts there are, and one of them in detail. */
import { wireTime } from '../../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorQuery } from '../contract.ts';
import { BadRequest } from '../http/query.ts';
import { type Account, heading, type Monitor } from '../monitor.ts';
import { sublistFigures } from './sublist-figures.ts';
import { textOf } from './subscription-entry.ts';

export function accountz(monitor: Monitor, query: MonitorQuery): MonitorAnswer {
  const name = query.text('acc');
  const { accounts } = monitor.broker;
  const { server_id, now } = heading(monitor);
  const head = { server_id, now: wireTime(now), system_account: accounts.system?.name };
  if (name === '') return { json: { ...head, accounts: Array.from(accounts.all(), (account) => account.name) } };
  const account = accounts.get(name);
  if (account === undefined) throw new BadRequest(`Account ${name} does not exist`);
  return { json: { ...head, account_detail: detailOf(monitor, account) } };
}

/** What other plugins know comes in between, so that every key has its place. */
function detailOf(monitor: Monitor, account: Account): object {
  const more = moreOf(monitor, account);
  return {
    account_name: account.name,
    update_time: more.update_time ?? wireTime(monitor.configLoadedAt),
    is_system: account.isSystem ? true : undefined,
    expired: more.expired ?? false,
    complete: more.complete ?? true,
    jetstream_enabled: more.jetstream_enabled ?? false,
    leafnode_connections: account.links.size,
    client_connections: clientCount(account),
    subscriptions: account.sublist.count,
    mappings: mappingsOf(account),
    exports: listsOf(monitor, account, 'exports'),
    imports: listsOf(monitor, account, 'imports'),
    jwt: more.jwt,
    issuer_key: more.issuer_key,
    name_tag: more.name_tag ?? account.name,
    tags: more.tags,
    decoded_jwt: more.decoded_jwt,
    validation_result_jwt: more.validation_result_jwt,
    revoked_user: more.revoked_user,
    sublist_stats: sublistFigures([account]),
    responses: more.responses,
  };
}

function moreOf({ sections }: Monitor, account: Account): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...sections.map((section) => section.account?.(account)));
}

/** Each plugin may add some. */
function listsOf({ sections }: Monitor, account: Account, key: string): readonly unknown[] | undefined {
  const all = sections.flatMap((section) => (section.account?.(account)?.[key] as unknown[] | undefined) ?? []);
  return all.length === 0 ? undefined : all;
}

export function clientCount(account: Account): number {
  let count = 0;
  for (const { kindName } of account.connections) if (kindName === 'client') count++;
  return count;
}

function mappingsOf({ mappings }: Account): object | undefined {
  if (mappings === null || mappings.rules.length === 0) return undefined;
  return Object.fromEntries(
    mappings.rules.map(({ source, destinations }) => [
      textOf(source),
      destinations.map(({ subject, weight, cluster }) => ({ subject: textOf(subject), weight, cluster })),
    ]),
  );
}
