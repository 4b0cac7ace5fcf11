/** The tokens of accounts in a directory: how many, which give way, and until when. */
import type { Clock, Log } from '../../kernel/plugin-api.ts';
import { isAccountKey } from '../../protocols/jwt/resolver/account-key.ts';
import { type TokenFacts, tokenFacts } from '../../protocols/jwt/resolver/token-facts.ts';
import type { TokenFiles } from './token-files.ts';
import { digestOf, TokenIndex } from './token-index.ts';

/** How long the event loop is held at a time while the directory is read. */
const SLICE_MS = 4;

export interface StoreSettings {
  /** 0 for no limit. */
  readonly tokensMax: number;
  /** At the limit the least recently used gives way; otherwise a new one is refused. */
  readonly evicts: boolean;
  /** How long a token is kept that nobody asks for, whatever it says itself; 0: as long as it says. */
  readonly ttlMs: number;
}

export class TokenStore {
  readonly #files: TokenFiles;
  readonly #settings: StoreSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #index = new TokenIndex();
  #changes = 0;
  /** Changes are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: TokenFiles, settings: StoreSettings, clock: Clock, log: Log) {
    this.#files = files;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  async open(): Promise<void> {
    const found = await this.#files.open();
    let sliceEndMs = this.#clock.monotonic() + SLICE_MS;
    for (const accountKey of found) {
      this.#load(accountKey);
      if (this.#clock.monotonic() < sliceEndMs) continue;
      await new Promise<void>((resolve) => this.#clock.soon(resolve));
      sliceEndMs = this.#clock.monotonic() + SLICE_MS;
    }
    if (this.#settings.evicts) await this.#exclusively(() => this.#makeRoom(0));
  }

  get hash(): Uint8Array {
    return this.#index.hash;
  }

  keys(): readonly string[] {
    return this.#index.keys();
  }

  /** Null where there is none. Also finds what somebody else put into the directory. */
  async fetch(accountKey: string): Promise<string | null> {
    if (!isAccountKey(accountKey)) return null;
    const changes = this.#changes;
    const token = await this.#files.read(accountKey);
    if (token === null) return null;
    // What was changed while it was read is noted by whoever changed it.
    if (this.#changes !== changes) return tokenFacts(token)?.subject === accountKey ? token : null;
    return this.#note(accountKey, token) ? token : null;
  }

  /** For other servers. An account's name that is none is a mistake of theirs. */
  async lookUp(accountKey: string): Promise<string | null> {
    if (!isAccountKey(accountKey)) throw new Error('invalid public key');
    return this.fetch(accountKey);
  }

  /** Whether a token is newer than what is here. */
  isNews(accountKey: string, token: string): boolean {
    const known = this.#index.get(accountKey);
    return known === undefined || known.issuedAt < (tokenFacts(token)?.issuedAt ?? 0);
  }

  /** As it is now, without counting as use; null where there is none. */
  async peek(accountKey: string): Promise<string | null> {
    const token = await this.#files.read(accountKey);
    return token !== null && tokenFacts(token)?.subject === accountKey ? token : null;
  }

  /** On disk when it returns. */
  save(accountKey: string, token: string): Promise<void> {
    return this.#exclusively(() => this.#put(accountKey, token));
  }

  /** Whether it was newer than what is there. */
  saveIfNewer(accountKey: string, token: string): Promise<boolean> {
    return this.#exclusively(async () => {
      if (!this.isNews(accountKey, token)) return false;
      await this.#put(accountKey, token);
      return true;
    });
  }

  delete(accountKey: string, isForGood: boolean): Promise<void> {
    return this.#exclusively(async () => {
      await (isForGood ? this.#files.remove(accountKey) : this.#files.setAside(accountKey));
      this.#forget(accountKey);
    });
  }

  /** Removes what has expired. */
  async expire(): Promise<void> {
    const nowMs = this.#clock.now();
    const due = this.#index.dueBy(nowMs);
    if (due.length === 0) return;
    await this.#exclusively(async () => {
      for (const accountKey of due) {
        // It may have been replaced in the meantime.
        if ((this.#index.get(accountKey)?.dueMs ?? Infinity) <= nowMs) await this.#drop(accountKey);
      }
    });
  }

  /** All changes asked for so far are made. */
  async idle(): Promise<void> {
    await this.#last;
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }

  async #put(accountKey: string, token: string): Promise<void> {
    factsOf(accountKey, token);
    if (this.#index.get(accountKey) === undefined) await this.#makeRoom(1);
    await this.#files.write(accountKey, token);
    this.#changes++;
    this.#note(accountKey, token);
  }

  async #makeRoom(more: number): Promise<void> {
    const { tokensMax, evicts } = this.#settings;
    if (tokensMax === 0) return;
    while (this.#index.size + more > tokensMax) {
      const victim = this.#index.leastRecent();
      if (!evicts || victim === undefined) throw new Error('jwt store is full');
      await this.#drop(victim);
    }
  }

  async #drop(accountKey: string): Promise<void> {
    await this.#files.remove(accountKey);
    this.#forget(accountKey);
  }

  #forget(accountKey: string): void {
    this.#changes++;
    this.#index.remove(accountKey);
  }

  #load(accountKey: string): void {
    if (!isAccountKey(accountKey)) return;
    try {
      this.#note(accountKey, this.#files.readNow(accountKey));
    } catch (error) {
      this.#log.warn(`The token of account ${accountKey} cannot be read: ${(error as Error).message}`);
    }
  }

  /** False for what is no token of the account: it is left alone, and counts as missing. */
  #note(accountKey: string, token: string): boolean {
    const facts = tokenFacts(token);
    if (facts === null || facts.subject !== accountKey) {
      this.#index.remove(accountKey);
      this.#log.warn(
        `The file ${accountKey}.jwt in "${this.#files.folder}" is no token of that account, and is ignored`,
      );
      return false;
    }
    this.#index.set(accountKey, { digest: digestOf(token), issuedAt: facts.issuedAt, dueMs: this.#dueMs(facts) });
    return true;
  }

  #dueMs({ expiresAt }: TokenFacts): number {
    const { ttlMs } = this.#settings;
    if (ttlMs > 0) return this.#clock.now() + ttlMs;
    return expiresAt === 0 ? Infinity : expiresAt * 1000;
  }
}

function factsOf(accountKey: string, token: string): TokenFacts {
  const facts = tokenFacts(token);
  if (facts === null) throw new Error('invalid JWT');
  if (facts.subject !== accountKey) throw new Error('subject does not match jwt content');
  return facts;
}
