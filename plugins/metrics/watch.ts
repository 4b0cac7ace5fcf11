/** What the broker does not count itself: how connections ended, what was not delivered, and accounts that are gone. */
import { type HookTypes, LinkConnection, type PluginContext } from '../../kernel/plugin-api.ts';
import { addTraffic, noTraffic, type Traffic } from './traffic.ts';

type Account = HookTypes['account'];
type Connection = HookTypes['connection'];

/** Reasons may be words of a plugin: from here on they are one. */
export const REASONS_MAX = 64;
export const OTHER = '_other';

export class Watch {
  readonly closed = new Map<string, number>();
  readonly dropped = new Map<string, number>([
    ['closed', 0],
    ['slow', 0],
  ]);
  /** By account, of connections that are gone and were no clients. */
  private readonly pastOthers = new WeakMap<Account, Traffic>();

  /** Nothing here is called for a message that is delivered. */
  constructor(ctx: PluginContext<unknown>) {
    ctx.tap('connection.closed', (connection, reason) => this.connectionClosed(connection, reason));
    ctx.tap('delivery.dropped', (_subscription, _message, reason) => increment(this.dropped, reason));
  }

  /** What passed over connections of the account that are gone and were no clients. */
  pastOthersOf(account: Account): Readonly<Traffic> {
    return this.pastOthers.get(account) ?? NOTHING;
  }

  private connectionClosed(connection: Connection, reason: string): void {
    increment(this.closed, this.closed.has(reason) || this.closed.size < REASONS_MAX ? reason : OTHER);
    // The traffic of an account has no part of lines to other servers.
    if (connection.kindName === 'client' || connection instanceof LinkConnection) return;
    const sum = this.pastOthers.get(connection.account) ?? noTraffic();
    addTraffic(sum, connection);
    this.pastOthers.set(connection.account, sum);
  }
}

const NOTHING: Readonly<Traffic> = noTraffic();

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
