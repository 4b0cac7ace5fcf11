/** Where requests come in: a few patterns in the system account, and what every account may ask about itself. */
import {
  type Account,
  clientBehind,
  type Message,
  type PluginContext,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
} from '../../../kernel/plugin-api.ts';
import { type Asked, NOT_HERE, readSubject } from './asked.ts';
import type { Desk } from './desk.ts';

/**
 * Requests under way at a time in the system account, and as many in all others together: nobody there can keep operators
 * from being answered. More are not taken: who asks is told that nobody answers.
 */
export const REQUESTS_MAX = 256;

export class Reception {
  readonly #desk: Desk;
  readonly #ofOperators = { underWay: 0 };
  readonly #ofOthers = { underWay: 0 };

  /** Requests of which there were too many at a time. */
  turnedAway = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get underWay(): number {
    return this.#ofOperators.underWay + this.#ofOthers.underWay;
  }

  open(ctx: PluginContext): void {
    const { system, broker } = this.#desk.of;
    const server = `$SYS.REQ.SERVER.${broker.identity.id}.*`;
    const patterns = ['$SYS.REQ.SERVER.PING', '$SYS.REQ.SERVER.PING.*', server, '$SYS.REQ.ACCOUNT.*.*'];
    // Only the server that has the client can say anything: others do not hear of it.
    const ofClients = ['$SYS.REQ.USER.INFO', '$SYS.REQ.USER.*.INFO', '$SYS.DEBUG.SUBSCRIBERS'];
    for (const pattern of [...patterns, '$SYS.REQ.ACCOUNT.NSUBS']) {
      ctx.subscribe(system, pattern, (message) => this.#takeOne(message));
    }
    for (const pattern of ofClients) {
      const deliver = (message: Message): boolean => this.#takeOne(message);
      const subscription = new Subscription({ kind: SERVICE_SINK, deliver } as ServiceSink, pattern, '', '');
      subscription.staysHere = true;
      system.sublist.insert(subscription);
      ctx.onDispose(() => void system.sublist.remove(subscription));
    }
    this.#openEverywhere(ctx);
  }

  #takeOne(message: Message): boolean {
    if (message.origin === NOT_HERE) return false;
    return this.#take(readSubject(message.subject), message, this.#desk.of.system);
  }

  /** The same for all accounts, whichever there are: nothing is kept for each. */
  #openEverywhere(ctx: PluginContext): void {
    const { accounts } = this.#desk.of.broker;
    for (const [subject, service] of OF_ONESELF) {
      const deliver = (message: Message): boolean => {
        const client = clientBehind(message.origin);
        if (client === null) return false;
        const { account } = client;
        const asked: Asked = service === '' ? { of: 'user' } : { of: 'account', name: account.name, service };
        return this.#take(asked, message, account);
      };
      ctx.onDispose(accounts.serveEverywhere(subject, { kind: SERVICE_SINK, deliver }));
    }
  }

  #take(asked: Asked | undefined, message: Message, account: Account): boolean {
    const { of } = this.#desk;
    const line = account === of.system ? this.#ofOperators : this.#ofOthers;
    if (asked === undefined || of.isSilent) return false;
    if (line.underWay >= REQUESTS_MAX) {
      this.turnedAway++;
      return false;
    }
    const request = { ...message.retain(), account };
    const client = clientBehind(message.origin);
    line.underWay++;
    void import('./desk.ts')
      .then(({ serve }) => serve(this.#desk, asked, request, client))
      .catch((error: Error) => of.log.error(`a request could not be answered: ${error.message}`))
      .finally(() => line.underWay--);
    return true;
  }
}

/** What every account may ask about itself, and the service behind it; none for the user that asks. */
export const OF_ONESELF = [
  ['$SYS.REQ.USER.INFO', ''],
  ['$SYS.REQ.ACCOUNT.PING.CONNZ', 'CONNZ'],
  ['$SYS.REQ.SERVER.PING.CONNZ', 'CONNZ'],
  ['$SYS.REQ.ACCOUNT.PING.STATZ', 'STATZ'],
] as const;
