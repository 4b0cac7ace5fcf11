/** The other servers that speak in the system account: who is there, and how many connections each has of which account. */
import type { Account, Message, PluginContext, Timer } from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';

/** Whoever says nothing for so long is gone; looked for that often. */
export const SILENCE_MS = 150_000;
export const SWEEP_MS = 90_000;
/** More servers than that are not remembered, nor more accounts of one. */
export const SERVERS_MAX = 4096;
export const ACCOUNTS_MAX = 1_000_000;

interface RemoteServer {
  sequence: number;
  heardAtMs: number;
  /** By account. */
  readonly connections: Map<string, Counts>;
}

interface Counts {
  readonly clients: number;
  /** Lines to servers, for one account each. */
  readonly leafs: number;
}

interface Said {
  readonly server?: { readonly id?: unknown; readonly seq?: unknown };
  readonly acc?: unknown;
  readonly conns?: unknown;
  readonly leafnodes?: unknown;
}

const NONE: Counts = Object.freeze({ clients: 0, leafs: 0 });

export class RemoteServers {
  readonly #of: Surroundings;
  readonly #greet: () => void;
  readonly #servers = new Map<string, RemoteServer>();
  /** Over all other servers. */
  readonly #totals = new Map<string, Counts>();
  readonly #asked = new WeakSet<Account>();
  #timer: Timer | null = null;

  /** `greet` is called when another server is heard for the first time. */
  constructor(surroundings: Surroundings, greet: () => void) {
    this.#of = surroundings;
    this.#greet = greet;
  }

  get count(): number {
    return this.#servers.size;
  }

  open(ctx: PluginContext<undefined>): void {
    const { system, broker } = this.#of;
    const listen = (pattern: string, hear: (said: Said) => void): void => {
      ctx.subscribe(system, pattern, (message) => {
        const said = saidIn(message);
        if (said !== null) hear(said);
        return true;
      });
    };
    listen('$SYS.SERVER.*.STATSZ', (said) => void this.#heard(said));
    listen('$SYS.SERVER.ACCOUNT.*.CONNS', (said) => this.#counted(said));
    listen(this.#inbox, (said) => this.#counted(said));
    for (const word of ['SHUTDOWN', 'LAMEDUCK']) {
      ctx.subscribe(system, `$SYS.SERVER.*.${word}`, (message) => {
        const [, , id = ''] = message.subject.split('.');
        if (id !== broker.identity.id) this.#forget(id);
        return true;
      });
    }
    ctx.tap('account.created', async (account) => this.#apply(account));
    ctx.onDispose(() => this.#timer?.cancel());
  }

  /** The account has a connection here: others are asked once how many they have, where that matters. */
  ask(account: Account): void {
    const isLimited = account.limits.maxConnections >= 0 || account.links.size > 0;
    if (!isLimited || this.#asked.has(account) || account === this.#of.system) return;
    this.#asked.add(account);
    const { broker, system, stamp, isSilent } = this.#of;
    if (isSilent) return;
    broker.publisher.publish(system, {
      subject: `$SYS.REQ.ACCOUNT.${account.name}.CONNS`,
      reply: this.#inbox,
      body: JSON.stringify({ server: stamp.next(), acc: account.name }),
    });
  }

  get #inbox(): string {
    return `$SYS._INBOX_.${this.#of.broker.identity.id}`;
  }

  /** Null for what this server said itself, and what says nothing. */
  #heard({ server }: Said): RemoteServer | null {
    const { broker, clock, log } = this.#of;
    const { id, seq } = server ?? {};
    if (typeof id !== 'string' || typeof seq !== 'number' || id === broker.identity.id) return null;
    const known = this.#servers.get(id);
    if (known === undefined) return this.#welcome(id, seq);
    if (seq <= known.sequence) {
      // What it says of accounts counts all the same: it says it again only when that changes, or half a minute later.
      log.error(`Received out of order remote server update from: ${JSON.stringify(id)}`);
      return known;
    }
    known.sequence = seq;
    known.heardAtMs = clock.monotonic();
    return known;
  }

  #welcome(id: string, sequence: number): RemoteServer | null {
    if (this.#servers.size >= SERVERS_MAX) return null;
    const server = { sequence, heardAtMs: this.#of.clock.monotonic(), connections: new Map<string, Counts>() };
    this.#servers.set(id, server);
    this.#arm();
    this.#greet();
    return server;
  }

  #counted(said: Said): void {
    const server = this.#heard(said);
    const { acc, conns, leafnodes } = said;
    if (server === null || typeof acc !== 'string' || typeof conns !== 'number') return;
    const name = Buffer.from(acc, 'utf8').toString('latin1');
    if (!server.connections.has(name) && server.connections.size >= ACCOUNTS_MAX) return;
    const before = server.connections.get(name) ?? NONE;
    const now = { clients: conns, leafs: typeof leafnodes === 'number' ? leafnodes : 0 };
    if (now.clients + now.leafs > 0) server.connections.set(name, now);
    else server.connections.delete(name);
    this.#change(name, before, now);
  }

  #forget(id: string): void {
    const server = this.#servers.get(id);
    if (server === undefined) return;
    this.#servers.delete(id);
    for (const [name, count] of server.connections) this.#change(name, count, NONE);
  }

  #change(name: string, before: Counts, now: Counts): void {
    if (before.clients === now.clients && before.leafs === now.leafs) return;
    const sum = this.#totals.get(name) ?? NONE;
    const clients = Math.max(0, sum.clients - before.clients + now.clients);
    const leafs = Math.max(0, sum.leafs - before.leafs + now.leafs);
    if (clients + leafs > 0) this.#totals.set(name, { clients, leafs });
    else this.#totals.delete(name);
    const account = this.#of.broker.accounts.get(name);
    if (account !== undefined) this.#apply(account);
  }

  #apply(account: Account): void {
    const { clients, leafs } = this.#totals.get(account.name) ?? NONE;
    this.#of.broker.setRemoteConnections(account, clients, leafs);
  }

  #arm(): void {
    this.#timer ??= this.#of.clock.after(SWEEP_MS, () => {
      this.#timer = null;
      const oldest = this.#of.clock.monotonic() - SILENCE_MS;
      for (const [id, { heardAtMs }] of this.#servers) if (heardAtMs < oldest) this.#forget(id);
      if (this.#servers.size > 0) this.#arm();
    });
  }
}

function saidIn(message: Message): Said | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(message.body).toString('utf8'));
    return typeof said === 'object' && said !== null ? (said as Said) : null;
  } catch {
    return null;
  }
}
