/** Where requests come in: a few patterns in the system account, and what every account may ask about itself. */
import {
  type Account,
  type ClientConnection,
  type Connection,
  isClient,
  type Message,
  type PluginContext,
  SERVICE_SINK,
} from '../../../kernel/plugin-api.ts';
import type { AccountConnections } from '../events/account-connections.ts';
import type { Statistics } from '../events/statistics.ts';
import { goJson } from '../go-json.ts';
import type { Surroundings } from '../surroundings.ts';
import { accountService } from './account-requests.ts';
import { type Request, reply } from './answer.ts';
import { serverService } from './server-requests.ts';
import { debugCount, remoteCount } from './subscribers.ts';
import { userInfo } from './user-info.ts';

/** Requests under way at a time. More are not taken: who asks is told that nobody answers. */
export const REQUESTS_MAX = 256;

type Serve = (request: Request, client: ClientConnection | null) => Promise<void>;

export class Reception {
  readonly #of: Surroundings;
  readonly #statistics: Statistics;
  readonly #connections: AccountConnections;
  #underWay = 0;

  constructor(surroundings: Surroundings, statistics: Statistics, connections: AccountConnections) {
    this.#of = surroundings;
    this.#statistics = statistics;
    this.#connections = connections;
  }

  open(ctx: PluginContext): void {
    const { system, broker } = this.#of;
    const server = `$SYS.REQ.SERVER.${broker.identity.id}.*`;
    const find = (subject: string): Serve | undefined => this.#find(subject.split('.'));
    const patterns = ['$SYS.REQ.SERVER.PING', '$SYS.REQ.SERVER.PING.*', server, '$SYS.REQ.ACCOUNT.*.*'];
    const others = ['$SYS.REQ.ACCOUNT.NSUBS', '$SYS.REQ.USER.INFO', '$SYS.REQ.USER.*.INFO', '$SYS.DEBUG.SUBSCRIBERS'];
    for (const pattern of [...patterns, ...others]) {
      ctx.subscribe(system, pattern, (message) => this.#take(find(message.subject), message, system));
    }
    this.#openEverywhere(ctx);
  }

  /** The same for all accounts, whichever there are: nothing is kept for each. */
  #openEverywhere(ctx: PluginContext): void {
    const { accounts } = this.#of.broker;
    for (const [subject, token] of OF_ONESELF) {
      const deliver = (message: Message): boolean => {
        const client = clientOf(message);
        if (client === null) return false;
        return this.#take(this.#ofOneself(client.account, token), message, client.account);
      };
      ctx.onDispose(accounts.serveEverywhere(subject, { kind: SERVICE_SINK, deliver }));
    }
  }

  #ofOneself({ name }: Account, token: string): Serve | undefined {
    return token === 'USER' ? this.#tellUser : accountService(this.#of, this.#connections, name, token);
  }

  #take(serve: Serve | undefined, message: Message, account: Account): boolean {
    if (serve === undefined || this.#of.isSilent || this.#underWay >= REQUESTS_MAX) return false;
    const client = clientOf(message);
    this.#underWay++;
    void serve({ ...message.retain(), account }, client)
      .catch((error: Error) => this.#of.log.error(`a request could not be answered: ${error.message}`))
      .finally(() => this.#underWay--);
    return true;
  }

  #find([, kind, what = '', whose = '', service = '']: readonly string[]): Serve | undefined {
    const of = this.#of;
    if (kind === 'DEBUG') return this.#countOwn;
    if (what === 'USER') return this.#tellUser;
    if (what === 'ACCOUNT') {
      if (service === '') return this.#countForOthers;
      return accountService(of, this.#connections, whose, service);
    }
    const isForThisOne = whose !== 'PING';
    return serverService(of, this.#statistics, service === '' ? 'STATSZ' : service, isForThisOne);
  }

  /** Whoever is no client of this server is told nothing it could not know itself. */
  readonly #tellUser: Serve = async (request, client) => {
    if (request.reply === '') return;
    const answer =
      client === null ? { error: { code: 400 } } : { data: goJson(userInfo(client, this.#of.clock.now())) };
    await reply(this.#of, request, answer);
  };

  readonly #countOwn: Serve = async ({ reply: to, account, body }, client) => {
    const count = debugCount(client?.account ?? account, Buffer.from(body).toString());
    if (to !== '') this.#of.publish(account, to, String(count));
  };

  readonly #countForOthers: Serve = async ({ reply: to, account, body }) => {
    const { accounts } = this.#of.broker;
    const count = remoteCount(Buffer.from(body).toString(), (name) => accounts.get(name));
    if (to !== '' && count !== null) this.#of.publish(account, to, String(count));
  };
}

/** What every account may ask about itself, and the service behind it. */
const OF_ONESELF = [
  ['$SYS.REQ.USER.INFO', 'USER'],
  ['$SYS.REQ.ACCOUNT.PING.CONNZ', 'CONNZ'],
  ['$SYS.REQ.SERVER.PING.CONNZ', 'CONNZ'],
  ['$SYS.REQ.ACCOUNT.PING.STATZ', 'STATZ'],
] as const;

function clientOf({ origin }: Message): ClientConnection | null {
  return origin !== null && 'kindName' in origin && isClient(origin as Connection)
    ? (origin as ClientConnection)
    : null;
}
