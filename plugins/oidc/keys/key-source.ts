/**
 * The keys of one provider, kept at hand.
 *
 * They are asked for again from time to time, and when a token names one that is not among them. While they cannot be had
 * the last ones count, up to an age. No login waits for longer than one attempt to get them takes.
 */
import type { CryptoKey, JSONWebKeySet, JWSHeaderParameters } from 'jose';
import type { Clock, Disposer, Log } from '../../../kernel/plugin-api.ts';
import type { KeyOptions } from '../config/key-options.ts';
import type { Figures } from '../figures.ts';
import type { KeyPlace } from './key-place.ts';
import { namesOf, readKeySet } from './key-set.ts';

type FindKey = (header: JWSHeaderParameters) => Promise<CryptoKey>;

export interface KeyWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly figures: Figures;
  after(milliseconds: number, run: () => Promise<void>): Disposer;
  /** Of jose. */
  finderOf(set: JSONWebKeySet): FindKey;
}

/** There are none, or none that are young enough. */
export class NoKeys extends Error {}

export class KeySource {
  private readonly place: KeyPlace;
  private readonly options: KeyOptions;
  private readonly world: KeyWorld;
  private readonly stop = new AbortController();
  private find: FindKey | null = null;
  /** What `find` was made of, as text: whether anything changed. */
  private text = '';
  private loadedAt = 0;
  private triedAt = 0;
  private underWay: Promise<void> | null = null;
  /** Why the last attempt failed; empty when it did not. */
  private failure = '';
  private cancelNext: Disposer | null = null;

  constructor(place: KeyPlace, options: KeyOptions, world: KeyWorld) {
    this.place = place;
    this.options = options;
    this.world = world;
  }

  get isFile(): boolean {
    return this.options.file !== '';
  }

  close(): void {
    this.stop.abort(new Error('was given up'));
    this.cancelNext?.();
    this.cancelNext = null;
  }

  /** Never fails: what went wrong is in the log, and is tried again. True when the keys are others now. */
  async load(): Promise<boolean> {
    const before = this.text;
    this.underWay ??= this.attempt().finally(() => {
      this.underWay = null;
    });
    await this.underWay;
    return before !== this.text;
  }

  /** Throws a NoKeys, or what jose says when none fits. */
  async keyFor(header: JWSHeaderParameters): Promise<CryptoKey> {
    if (!this.isFresh && this.isWorthTrying) await this.load();
    try {
      return await this.fresh()(header);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_JWKS_NO_MATCHING_KEY' || !this.mayAskAgain()) throw error;
      await this.load();
      return this.fresh()(header);
    }
  }

  private get isFresh(): boolean {
    return this.find !== null && this.world.clock.monotonic() - this.loadedAt <= this.options.ageMaxMs;
  }

  private get isWorthTrying(): boolean {
    return this.underWay !== null || this.world.clock.monotonic() - this.triedAt >= this.options.retryMs;
  }

  private fresh(): FindKey {
    if (this.find !== null && this.isFresh) return this.find;
    this.world.figures.counts.without_keys++;
    const what = this.find === null ? 'there are no keys yet' : 'the keys are older than "max_age"';
    throw new NoKeys(`${what}: ${this.place.name} ${this.failure}`);
  }

  /** Whoever makes up names of keys must not make us ask the provider each time. */
  private mayAskAgain(): boolean {
    if (this.underWay !== null) return true;
    if (this.world.clock.monotonic() - this.triedAt >= this.options.cooldownMs) return true;
    this.world.figures.counts.cooled_down++;
    return false;
  }

  private async attempt(): Promise<void> {
    const { clock, figures } = this.world;
    this.cancelNext?.();
    this.triedAt = clock.monotonic();
    figures.counts.key_loads++;
    try {
      this.take(readKeySet(await this.place.load(this.stop.signal), this.options.keysMax));
      figures.counts.successful_key_loads++;
    } catch (error) {
      if (this.stop.signal.aborted) return;
      figures.counts.failed_key_loads++;
      this.failed((error as Error).message);
    }
    this.plan(this.failure === '' ? this.options.refreshMs : this.options.retryMs);
  }

  private plan(milliseconds: number): void {
    if (this.stop.signal.aborted) return;
    this.cancelNext = this.world.after(milliseconds, async () => void (await this.load()));
  }

  private take(set: JSONWebKeySet): void {
    const { clock, log } = this.world;
    const text = JSON.stringify(set);
    if (text !== this.text) {
      this.find = this.world.finderOf(set);
      this.text = text;
      log.info(`${this.place.name}: keys ${namesOf(set)}`);
    } else if (this.failure !== '') {
      log.info(`${this.place.name}: answers again`);
    }
    this.loadedAt = clock.monotonic();
    this.failure = '';
  }

  /** Said once, not with each attempt. */
  private failed(reason: string): void {
    if (reason === this.failure) return;
    this.failure = reason;
    const meanwhile = this.find === null ? 'tokens are refused until it does' : 'the last keys count until "max_age"';
    this.world.log.warn(`${this.place.name} ${reason}; ${meanwhile}`);
  }
}
