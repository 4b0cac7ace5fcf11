/**
 * Compares passwords with bcrypt hashes, one after the other, in a thread of its own. A comparison takes from 5 ms to seconds of
 * pure computing. What was right once is remembered by a keyed digest, so that a client that comes back costs
 * microseconds. Addresses take turns: whoever guesses a thousand times keeps others waiting for one guess.
 */
import { createHmac } from 'node:crypto';
import { FairLine } from './fair-line.ts';
import { networkOf } from './network-of.ts';

const BCRYPT = /^\$2[abxy]\$\d{2}\$/;
const REMEMBERED_MAX = 10_000;
const WAITING_MAX = 1000;

export interface BcryptWorld {
  /** Keys the digests; new in each process. */
  readonly key: Uint8Array;
  /** Takes as long as it takes, but not here. */
  compute(stored: string, given: string): Promise<boolean>;
}

/** Who wants to know. */
export interface Asker {
  readonly host: string;
  /** Asked when the turn has come: whoever is gone by then costs nothing. */
  isWanted(): boolean;
}

/** A password that is to be compared, for all who have shown it meanwhile. */
interface Comparison {
  readonly stored: string;
  readonly given: string;
  readonly askers: Asker[];
  readonly outcome: Promise<boolean>;
  readonly settle: (outcome: boolean | Promise<boolean>) => void;
}

export function isBcrypt(stored: string): boolean {
  return BCRYPT.test(stored);
}

export class BcryptComparer {
  private readonly world: BcryptWorld;
  /** Digests of what was right; the oldest first. */
  private readonly remembered = new Set<string>();
  private readonly underWay = new Map<string, Comparison>();
  private readonly line = new FairLine<Comparison>();
  private isWorking = false;

  constructor(world: BcryptWorld) {
    this.world = world;
  }

  async compare(stored: string, given: string, asker: Asker): Promise<boolean> {
    const digest = this.digest(stored, given);
    if (this.remembered.delete(digest)) return this.remember(digest);
    const known = this.underWay.get(digest);
    known?.askers.push(asker);
    const { outcome } = known ?? this.begin(digest, comparisonOf(stored, given, asker));
    return (await outcome) && this.remember(digest);
  }

  private begin(digest: string, comparison: Comparison): Comparison {
    this.underWay.set(digest, comparison);
    void comparison.outcome.then(
      () => this.underWay.delete(digest),
      () => this.underWay.delete(digest),
    );
    this.line.add(networkOf(comparison.askers[0]!.host), comparison);
    if (this.underWay.size > WAITING_MAX) this.line.dropOne()?.settle(false);
    if (!this.isWorking) void this.work();
    return comparison;
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    for (let next = this.line.next(); next !== undefined; next = this.line.next()) {
      const { stored, given, askers } = next;
      const isWanted = askers.some((asker) => asker.isWanted());
      next.settle(isWanted && this.world.compute(stored, given));
      await next.outcome.catch(() => {});
    }
    this.isWorking = false;
  }

  private remember(digest: string): true {
    this.remembered.add(digest);
    if (this.remembered.size > REMEMBERED_MAX) this.remembered.delete(this.remembered.values().next().value!);
    return true;
  }

  private digest(stored: string, given: string): string {
    return createHmac('sha256', this.world.key).update(stored).update('\0').update(given).digest('base64');
  }
}

function comparisonOf(stored: string, given: string, asker: Asker): Comparison {
  let settle: Comparison['settle'] = () => {};
  const outcome = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  return { stored, given, askers: [asker], outcome, settle };
}
