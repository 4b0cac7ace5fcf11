/** Asks other servers for an account that is not here. */
import type { Clock } from '../../kernel/plugin-api.ts';
import { lookupSubject } from '../../protocols/jwt/resolver/subjects.ts';
import type { ServerPeers } from './contract.ts';
import type { Inbox } from './inbox.ts';

/** Accounts asked for at a time: names of accounts are free to invent. */
const LOOKUPS_MAX = 1000;

export interface LookupSurroundings {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly peers: ServerPeers | undefined;
  readonly timeoutMs: number;
  /** Answers how many took the request. */
  publish(subject: string, reply: string): number;
}

export class Lookups {
  readonly #surroundings: LookupSurroundings;
  readonly #running = new Map<string, Promise<string | null>>();
  /** Ends each of those that run. */
  readonly #stops = new Set<(error: Error) => void>();

  constructor(surroundings: LookupSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Null when nobody has it. Whoever asks for what is being asked for already waits for the same answer. */
  async find(accountKey: string): Promise<string | null> {
    const known = this.#running.get(accountKey);
    if (known !== undefined) return known;
    if (this.#running.size >= LOOKUPS_MAX) throw new Error(`${LOOKUPS_MAX} accounts are being looked up already`);
    const lookup = this.#ask(accountKey).finally(() => this.#running.delete(accountKey));
    this.#running.set(accountKey, lookup);
    return lookup;
  }

  close(): void {
    for (const stop of this.#stops) stop(new Error('fetching jwt failed due to shutdown'));
  }

  #ask(accountKey: string): Promise<string | null> {
    const { inbox, clock, peers, timeoutMs, publish } = this.#surroundings;
    let expected = peers?.count ?? 0;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        timer.cancel();
        inbox.forget(reply);
        this.#stops.delete(stop);
        act();
      };
      const stop = (error: Error): void => settle(() => reject(error));
      const timer = clock.after(timeoutMs, () => stop(new Error('fetching jwt timed out')));
      const reply = inbox.expect((body) => {
        expected--;
        // Others may still have it: an empty answer decides nothing until all have spoken.
        if (body !== '' || expected <= 0) settle(() => resolve(body === '' ? null : body));
      });
      this.#stops.add(stop);
      // Where nobody listens, nobody will answer.
      if (publish(lookupSubject(accountKey), reply) === 0) settle(() => resolve(null));
    });
  }
}
