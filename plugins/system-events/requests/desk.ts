/** Who answers which request. Loaded with the first one. */
import { type Account, type ClientConnection, wireJson } from '../../../kernel/plugin-api.ts';
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
  else if (asked.of === 'subscribers') await countAll(of, request, client?.account ?? request.account);
  else
    count(
      of,
      request,
      remoteCount(text(request), (name) => of.broker.accounts.get(name)),
    );
}

/** Whoever is no client of this server is told nothing it could not know itself. */
async function tellUser(of: Surroundings, request: Request, client: ClientConnection | null): Promise<void> {
  const answer = client === null ? { error: { code: 400 } } : { data: wireJson(userInfo(client, of.clock.now())) };
  await reply(of, request, answer);
}

async function countAll(of: Surroundings, request: Request, account: Account): Promise<void> {
  const here = debugCount(account, text(request));
  count(of, request, here + (await askOthers(of, of.peers?.count ?? 0, account, text(request))));
}

function count(of: Surroundings, { account, reply: to }: Request, found: number | null): void {
  if (found !== null) of.publish(account, to, String(found));
}

function text({ body }: Request): string {
  return Buffer.from(body).toString();
}
