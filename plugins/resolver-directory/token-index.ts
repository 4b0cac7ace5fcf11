/** What is kept, without the tokens themselves: whose, how old, until when, and one hash over all. */
import { createHash } from 'node:crypto';

export interface IndexEntry {
  readonly digest: Uint8Array;
  /** Seconds. */
  readonly issuedAt: number;
  /** Milliseconds; Infinity for never. */
  readonly dueMs: number;
}

const HASH_BYTES = 32;

export class TokenIndex {
  /** The one whose use lies back furthest comes first. */
  readonly #entries = new Map<string, IndexEntry>();
  readonly #hash = new Uint8Array(HASH_BYTES);
  /** Null after one was added or removed. */
  #sorted: readonly string[] | null = null;
  /** No entry is due earlier. */
  #nextDueMs = Infinity;

  get size(): number {
    return this.#entries.size;
  }

  /** The XOR of the digests: the same for the same tokens, in whatever order they came. */
  get hash(): Uint8Array {
    return this.#hash.slice();
  }

  get(accountKey: string): IndexEntry | undefined {
    return this.#entries.get(accountKey);
  }

  keys(): readonly string[] {
    this.#sorted ??= [...this.#entries.keys()].sort();
    return this.#sorted;
  }

  set(accountKey: string, entry: IndexEntry): void {
    const sorted = this.#entries.has(accountKey) ? this.#sorted : null;
    this.remove(accountKey);
    this.#sorted = sorted;
    this.#entries.set(accountKey, entry);
    this.#mix(entry.digest);
    this.#nextDueMs = Math.min(this.#nextDueMs, entry.dueMs);
  }

  remove(accountKey: string): void {
    const entry = this.#entries.get(accountKey);
    if (entry === undefined) return;
    this.#entries.delete(accountKey);
    this.#sorted = null;
    this.#mix(entry.digest);
  }

  /** The one that was not used for longest; undefined when there is none. */
  leastRecent(): string | undefined {
    return this.#entries.keys().next().value;
  }

  /** Those that are due. Costs nothing while none is. */
  dueBy(nowMs: number): string[] {
    if (nowMs < this.#nextDueMs) return [];
    const due: string[] = [];
    this.#nextDueMs = Infinity;
    for (const [accountKey, { dueMs }] of this.#entries) {
      if (dueMs <= nowMs) due.push(accountKey);
      else this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
    }
    return due;
  }

  #mix(digest: Uint8Array): void {
    for (let at = 0; at < HASH_BYTES; at++) this.#hash[at]! ^= digest[at]!;
  }
}

export function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
