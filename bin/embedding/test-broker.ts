import type { Account } from '../../kernel/accounts/account.ts';
import { GLOBAL_ACCOUNT } from '../../kernel/accounts/account-registry.ts';
import type { Broker } from '../../kernel/broker.ts';
import { API_VERSION } from '../../kernel/host/api-version.ts';
import type { PluginContext } from '../../kernel/host/plugin-context.ts';
import { definePlugin, type PluginDefinition } from '../../kernel/host/plugin-definition.ts';
import { EmbeddedServer } from './embedded-server.ts';
import { Mailbox } from './mailbox.ts';
import { PATIENCE_MS, within } from './patience.ts';
import type { ServerConfig, ServerExtras } from './server-config.ts';

const QUIET_PLACE = { host: '127.0.0.1', port: -1 };

/** A broker with eyes and hands for a test. It is all that `createServer` gives, and always has a port. */
export class TestBroker extends EmbeddedServer {
  readonly #inside: Inside;

  constructor(config: ServerConfig = {}, extras: ServerExtras = {}) {
    const inside = new Inside();
    super({ ...QUIET_PLACE, ...config }, { ...extras, plugins: [...(extras.plugins ?? []), inside.plugin] });
    this.#inside = inside;
  }

  /** What a client takes for `servers`. */
  override get url(): string {
    const url = super.url;
    if (url === null) throw new Error('the broker does not listen: it was not started, or is closed');
    return url;
  }

  get port(): number {
    return this.address?.port ?? 0;
  }

  /** Sends a message as the broker itself. Answers how many took it. */
  publish(subject: string, body: string | Uint8Array = '', options: { reply?: string; account?: string } = {}): number {
    const account = this.#inside.account(options.account);
    return this.#inside.broker.publisher.publish(account, { subject, body, reply: options.reply });
  }

  /**
   * Collects what is sent from now on. A mailbox counts as a subscriber: a request it sees is not answered with
   * "no responders".
   */
  collect(pattern: string, options: { account?: string } = {}): Mailbox {
    const { context } = this.#inside;
    const account = this.#inside.account(options.account);
    return new Mailbox(pattern, (put) =>
      context.subscribe(account, pattern, (message) => {
        put(message.retain());
        return true;
      }),
    );
  }

  /** Waits until somebody would get a message on this subject; at once when somebody does already. */
  subscribed(subject: string, options: { account?: string; waitMs?: number } = {}): Promise<void> {
    const account = this.#inside.account(options.account);
    const waitMs = options.waitMs ?? PATIENCE_MS;
    return within(this.#inside.interest(account, subject), waitMs, () => `nobody subscribed to "${subject}"`);
  }
}

/** A plugin, for what a broker lets only plugins see. */
class Inside {
  readonly plugin: PluginDefinition;
  readonly #waiting = new Set<() => void>();
  #context: PluginContext | null = null;

  constructor() {
    this.plugin = definePlugin({
      name: 'test-broker',
      version: '1.0.0',
      api: [API_VERSION],
      register: (ctx) => {
        this.#context = ctx;
        // The subscription stands once this turn is over.
        ctx.tap('interest.first', () => queueMicrotask(() => this.#look()));
      },
    });
  }

  get context(): PluginContext {
    if (this.#context === null) throw new Error('the broker does not run yet; await start() first');
    return this.#context;
  }

  get broker(): Broker {
    return this.context.kernel.broker;
  }

  account(name = GLOBAL_ACCOUNT): Account {
    const account = this.broker.accounts.get(name);
    if (account === undefined) throw new Error(`there is no account "${name}"`);
    return account;
  }

  interest(account: Account, subject: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!account.sublist.hasInterest(subject)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
