/**
 * Compares passwords with bcrypt hashes, one after the other, in a thread of its own. A comparison takes from 5 ms to seconds of
 * pure computing. What was right once is remembered by a keyed digest, so that a client that comes back costs
 * microseconds.
 */
import { createHmac } from 'node:crypto';

const BCRYPT = /^\$2[abxy]\$\d{2}\$/;
const REMEMBERED_MAX = 10_000;
const WAITING_MAX = 1000;

export interface BcryptWorld {
  /** Keys the digests; new in each process. */
  readonly key: Uint8Array;
  /** Takes as long as it takes, but not here. */
  compute(stored: string, given: string): Promise<boolean>;
}

export function isBcrypt(stored: string): boolean {
  return BCRYPT.test(stored);
}

export class BcryptComparer {
  private readonly world: BcryptWorld;
  /** Digests of what was right; the oldest first. */
  private readonly remembered = new Set<string>();
  private readonly underWay = new Map<string, Promise<boolean>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(world: BcryptWorld) {
    this.world = world;
  }

  /** `isWanted` is asked when its turn has come: whoever is gone by then costs nothing. */
  async compare(stored: string, given: string, isWanted: () => boolean): Promise<boolean> {
    const digest = this.digest(stored, given);
    if (this.remembered.delete(digest)) return this.remember(digest);
    const known = this.underWay.get(digest);
    if (known !== undefined) return known;
    if (this.underWay.size >= WAITING_MAX) return false;
    const outcome = this.inTurn(stored, given, isWanted);
    this.underWay.set(digest, outcome);
    const isRight = await outcome.finally(() => this.underWay.delete(digest));
    return isRight && this.remember(digest);
  }

  private inTurn(stored: string, given: string, isWanted: () => boolean): Promise<boolean> {
    const turn = this.last.then(() => isWanted() && this.world.compute(stored, given));
    this.last = turn.catch(() => {});
    return turn;
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
