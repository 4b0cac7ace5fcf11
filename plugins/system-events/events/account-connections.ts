/** How many connections an account has: told with each change, and every half minute while there are any. */
import {
  type Account,
  type Connection,
  GLOBAL_ACCOUNT,
  randomName,
  type Timer,
  wireTime,
} from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';

const TYPE = 'io.nats.server.advisory.v1.account_connections';
export const REPEAT_MS = 30_000;
/** Accounts whose time comes this close together are told of together. */
const STEP_MS = 1000;

export class AccountConnections {
  readonly #of: Surroundings;
  /** When each account with connections is due, the earliest first. */
  readonly #due = new Map<Account, number>();
  /** Several changes in a row make one event. */
  readonly #waiting = new Set<Account>();
  #timer: Timer | null = null;

  constructor(surroundings: Surroundings) {
    this.#of = surroundings;
  }

  changed({ account }: Connection): void {
    if (account.name === GLOBAL_ACCOUNT) return;
    this.#due.delete(account);
    if (hasConnections(account)) {
      this.#due.set(account, this.#of.clock.monotonic() + REPEAT_MS);
      this.#of.remotes?.ask(account);
    }
    this.#arm();
    this.#tell(account);
  }

  close(): void {
    this.#timer?.cancel();
    this.#due.clear();
  }

  /** What an account is said to have, for an event or a request. */
  async describe(account: Account, at: number): Promise<object> {
    const { random, stamp, monitor } = this.#of;
    const statistics = await monitor.accountStatistics(account);
    return { type: TYPE, id: randomName(random), timestamp: wireTime(at), server: stamp.next(), ...statistics };
  }

  #tell(account: Account): void {
    const { watchers, queue } = this.#of;
    if (!watchers.isAny || this.#waiting.has(account)) return;
    const subjects = subjectsOf(account).filter((subject) => watchers.wants(subject));
    if (subjects.length === 0) return;
    this.#waiting.add(account);
    queue.add(() => this.#publish(account, subjects));
  }

  async #publish(account: Account, subjects: readonly string[]): Promise<void> {
    const { system, stamp, clock } = this.#of;
    this.#waiting.delete(account);
    const event = await this.describe(account, clock.now());
    subjects.forEach((subject, at) => {
      this.#of.publish(system, subject, at === 0 ? event : { ...event, server: stamp.next() });
    });
  }

  #arm(): void {
    const [first] = this.#due.values();
    if (this.#timer !== null || first === undefined) return;
    const { clock } = this.#of;
    this.#timer = clock.after(Math.max(STEP_MS, first - clock.monotonic()), () => this.#repeat());
  }

  #repeat(): void {
    this.#timer = null;
    const now = this.#of.clock.monotonic();
    for (const [account, at] of this.#due) {
      if (at > now) break;
      this.#due.delete(account);
      if (!hasConnections(account)) continue;
      this.#due.set(account, now + REPEAT_MS);
      this.#tell(account);
    }
    this.#arm();
  }
}

/** Of clients, or of servers that are connected for it alone. */
export function hasConnections({ connections, links }: Account): boolean {
  return connections.size + links.size > 0;
}

/** The old one, which servers listen to, and the new one. */
function subjectsOf({ name }: Account): string[] {
  return [`$SYS.SERVER.ACCOUNT.${name}.CONNS`, `$SYS.ACCOUNT.${name}.SERVER.CONNS`];
}
