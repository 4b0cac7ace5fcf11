/**
 * Requests that are under way. All answers of an account come over one subscription; who answers what is told apart by the last
 * token, which nobody can guess.
 */
import type { Account, Connection, Disposer, Message, Outgoing, PluginContext } from '../../../kernel/plugin-api.ts';
import { onAccount } from '../account-text.ts';
import type { Delegation, Failure } from '../delegation.ts';
import { randomLetters } from './random-letters.ts';
import { freshUserKey } from './user-key.ts';

/** More is no answer: to open and read it would hold everybody up. */
export const ANSWER_BYTES_MAX = 262_144;
const INBOX_LETTERS = 8;
const TOKEN_LETTERS = 22;

/** A place among the requests under way. */
export interface Slot {
  /** The key the answer has to be about. */
  readonly userKey: string;
  /** It is over without an answer that counts. Never rejects. */
  readonly ended: Promise<Failure>;
  /** Nobody waits for it any more. */
  readonly isOver: boolean;
  /** Publishes the request; the first answer counts. */
  ask(request: Outgoing): Promise<Buffer>;
  release(): void;
}

interface Pending {
  readonly connection: Connection;
  end(failure: string): void;
  answered: ((answer: Buffer) => void) | null;
}

/** Whoever is gone need not be told. */
const NOBODY_LISTENS = '';

export class Exchange {
  turnedAway = 0;
  private readonly ctx: PluginContext;
  private readonly pending = new Map<string, Pending>();
  private readonly tokens = new Map<Connection, string>();
  private readonly inbox: string;
  private readonly inboxes = new Map<Account, Disposer>();

  constructor(ctx: PluginContext) {
    this.ctx = ctx;
    this.inbox = `$SYS._INBOX.${randomLetters(ctx.kernel.ports.random, INBOX_LETTERS)}.`;
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  /** From now on the client waits, for as long as it may take to log in. */
  take({ account, pendingMax }: Delegation, connection: Connection): Slot | Failure {
    if (this.pending.size >= pendingMax) {
      this.turnedAway++;
      const failure = `Auth callout violation: ${pendingMax} requests wait for the service ${onAccount(account.name)} already`;
      return { failure };
    }
    this.listenIn(account);
    const { broker, ports } = this.ctx.kernel;
    const token = randomLetters(ports.random, TOKEN_LETTERS);
    let isOver = false;
    let end: Pending['end'] = () => {};
    const ended = new Promise<Failure>((resolve) => {
      end = (failure) => {
        isOver = true;
        resolve({ failure });
      };
    });
    const pending: Pending = { connection, end, answered: null };
    this.pending.set(token, pending);
    this.tokens.set(connection, token);
    const late = `Authorization callout response not received in time ${onAccount(account.name)}`;
    const cancel = this.ctx.after(broker.options.authTimeoutMs, () => end(late));
    return {
      userKey: freshUserKey(ports.random),
      ended,
      get isOver() {
        return isOver;
      },
      ask: (request) =>
        new Promise((resolve) => {
          pending.answered = resolve;
          if (!isOver) broker.publisher.publish(account, { ...request, reply: this.inbox + token });
        }),
      release: () => {
        isOver = true;
        cancel();
        this.pending.delete(token);
        this.tokens.delete(connection);
      },
    };
  }

  /** The client is gone: its place is for others. */
  left(connection: Connection): void {
    const token = this.tokens.get(connection);
    if (token !== undefined) this.pending.get(token)?.end(NOBODY_LISTENS);
  }

  forget(account: Account): void {
    this.inboxes.get(account)?.();
    this.inboxes.delete(account);
  }

  close(): void {
    for (const { end } of this.pending.values()) end(NOBODY_LISTENS);
  }

  private listenIn(account: Account): void {
    if (this.inboxes.has(account)) return;
    const stop = this.ctx.subscribe(account, `${this.inbox}*`, (message) => this.receive(message, account));
    this.inboxes.set(account, stop);
  }

  private receive(message: Message, account: Account): undefined {
    const pending = this.pending.get(message.subject.slice(this.inbox.length));
    const answered = pending?.answered;
    if (pending === undefined || answered == null) {
      this.ctx.log.debug(`An answer ${onAccount(account.name)} came too late, or twice`);
      return;
    }
    pending.answered = null;
    const { length } = message.body;
    if (length <= ANSWER_BYTES_MAX) answered(Buffer.from(message.body));
    else pending.end(`Auth callout violation: an answer of ${length} bytes ${onAccount(account.name)} is too large`);
  }
}
