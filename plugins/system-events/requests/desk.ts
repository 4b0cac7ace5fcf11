/** Who answers which request. Loaded with the first one. */
import { type Account, type ClientConnection, Pace, wireJson } from '../../../kernel/plugin-api.ts';
import type { AccountConnections } from '../events/account-connections.ts';
import type { Statistics } from '../events/statistics.ts';
import type { Surroundings } from '../surroundings.ts';
import { accountService } from './account-requests.ts';
import { type Request, reply } from './answer.ts';
import type { Asked } from './asked.ts';
import { askOthers } from './remote-subscribers.ts';
import { serverService } from './server-requests.ts';
import { debugCount, remoteCount } from './subscribers.ts';
import { userInfo } from './user-info.ts';

export interface Desk {
  readonly of: Surroundings;
  readonly statistics: Statistics;
  readonly connections: AccountConnections;
}

export async function serve(
  { of, statistics, connections }: Desk,
  asked: Asked,
  request: Request,
  client: ClientConnection | null,
): Promise<void> {
  if (asked.of === 'server') await serverService(of, statistics, asked.service, request);
  else if (asked.of === 'account') await accountService(of, connections, asked, request);
  else if (request.reply === '') return;
  else if (asked.of === 'user') await tellUser(of, request, client);
  else if (asked.of === 'subscribers') await countForClients(of, request, client?.account ?? request.account);
  else await countForServers(of, request);
}

async function countForClients(of: Surroundings, request: Request, account: Account): Promise<void> {
  const here = await debugCount(account, text(request), await paceOf(of));
  const elsewhere = await askOthers(of, of.peers?.count ?? 0, account, text(request));
  tellCount(of, request, here + elsewhere);
}

async function countForServers(of: Surroundings, request: Request): Promise<void> {
  const accountOf = (name: string): Account | undefined => of.broker.accounts.get(name);
  tellCount(of, request, await remoteCount(text(request), { pace: await paceOf(of), accountOf }));
}

/** Many may ask at once: each waits for its turn before it begins. */
async function paceOf({ clock }: Surroundings): Promise<Pace> {
  const pace = new Pace(clock);
  await pace.rest();
  return pace;
}

/** Whoever is no client of this server is told nothing it could not know itself. */
async function tellUser(of: Surroundings, request: Request, client: ClientConnection | null): Promise<void> {
  const answer = client === null ? { error: { code: 400 } } : { data: wireJson(userInfo(client, of.clock.now())) };
  await reply(of, request, answer);
}

function tellCount(of: Surroundings, { account, reply: to }: Request, found: number | null): void {
  if (found !== null) of.publish(account, to, String(found));
}

function text({ body }: Request): string {
  return Buffer.from(body).toString();
}
