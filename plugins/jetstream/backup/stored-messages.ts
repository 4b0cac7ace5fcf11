/**
 * Puts together what a stream has from the files that nats-server kept of it. Blocks hold messages that were removed as well: which
 * these are stands in records behind them, or in an index; so all that is to go goes at the end.
 */

import type { Clock } from '../../../kernel/plugin-api.ts';
import type { HighwayHash } from '../../../protocols/nats-files/highway-hash.ts';
import { BlockReader, RecordKind } from '../../../protocols/nats-files/message-block.ts';
import type { SequenceSpan, StoreFacts } from '../../../protocols/nats-files/stream-index.ts';
import type { Moment } from '../stream/moment.ts';
import { momentOf } from '../stream/moment.ts';
import type { StagedStream } from './staged-stream.ts';

/** How long records are read before others have their turn, and after how many it is looked. */
const SLICE_MS = 3;
const SLICE_RECORDS = 64;

/** Bytes that are no whole records, and the sequences on both sides: what is missing lies between. 0 where there is none. */
export interface StoredDamage extends SequenceSpan {
  readonly bytes: number;
}

export interface BlockOutcome {
  readonly records: number;
  /** Of these, how many were held against their checksums. */
  readonly verified: number;
  readonly damage: readonly StoredDamage[];
}

export class StoredMessages {
  private readonly staged: StagedStream;
  private readonly clock: Clock;
  /** Hears of messages that can not be; null: that is the end of it. */
  private readonly onStrange: ((problem: string) => void) | null;
  private readonly removed: SequenceSpan[] = [];
  /** The lowest sequence of each block. */
  private readonly lows = new Map<number, number>();
  private first = 0;
  private last = 0;
  private lastTime: Moment | null = null;

  constructor(staged: StagedStream, clock: Clock, onStrange: ((problem: string) => void) | null = null) {
    this.staged = staged;
    this.onStrange = onStrange;
    this.clock = clock;
  }

  /** Adds the messages of one block; blocks come in the order of their numbers. `every`: see `BlockReader`. */
  async addBlock(number: number, records: Uint8Array, hash: HighwayHash, every = 1): Promise<BlockOutcome> {
    const reader = new BlockReader(records, hash, every);
    const damage: StoredDamage[] = [];
    let count = 0;
    let before = 0;
    let slice = this.clock.monotonic() + SLICE_MS;
    while (reader.next()) {
      count++;
      noteDamage(damage, reader, before, reader.sequence);
      this.take(number, reader);
      if (reader.kind !== RecordKind.removed) before = reader.sequence;
      if (count % SLICE_RECORDS !== 0 || this.clock.monotonic() < slice) continue;
      await this.pause();
      slice = this.clock.monotonic() + SLICE_MS;
    }
    noteDamage(damage, reader, before, 0);
    return { records: count, verified: reader.verified, damage };
  }

  private async pause(): Promise<void> {
    await this.staged.pace();
    await new Promise<void>((resolve) => this.clock.soon(resolve));
  }

  private take(block: number, reader: BlockReader): void {
    const { kind, sequence } = reader;
    if (sequence > 0 && kind !== RecordKind.removed) this.noteLow(block, sequence);
    if (kind === RecordKind.message) this.append(reader);
    else if (kind === RecordKind.removed) this.remove(sequence, sequence);
    if (sequence >= this.last) this.noteLast(sequence, reader);
  }

  private append(reader: BlockReader): void {
    const { sequence, bytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd } = reader;
    const message = { subjectBytes: bytes, bytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd };
    const problem = this.onStrange === null ? '' : this.staged.problem(sequence, reader, message);
    if (problem === '') this.staged.append(sequence, reader, message);
    else this.onStrange?.(problem);
  }

  private noteLow(block: number, sequence: number): void {
    if (!this.lows.has(block)) this.lows.set(block, sequence);
  }

  private noteLast(sequence: number, { seconds, nanos }: Moment): void {
    this.last = sequence;
    // What never was has no time.
    if (seconds > 0) this.lastTime = { seconds, nanos };
  }

  private remove(from: number, to: number): void {
    const before = this.removed.at(-1);
    if (before !== undefined && before.to + 1 === from)
      this.removed[this.removed.length - 1] = { from: before.from, to };
    else if (from <= to) this.removed.push({ from, to });
  }

  /** Of the whole store, or of one block. What was removed once stays so, however old the index is. */
  addFacts(facts: StoreFacts, isOfStore: boolean): void {
    for (const { from, to } of facts.removed) this.remove(from, to);
    if (isOfStore) this.first = Math.max(this.first, facts.first);
    for (const { number, first } of facts.blocks) {
      const low = this.lows.get(number);
      if (low !== undefined && low < first) this.remove(low, first - 1);
    }
    if (facts.last < this.last) return;
    this.last = facts.last;
    // Of a message that was erased the time is here alone.
    if (facts.lastTime > 0n) this.lastTime = momentOf(facts.lastTime);
  }

  /** All files are read. */
  async finish(): Promise<void> {
    this.staged.spend(this.last, this.lastTime);
    let slice = this.clock.monotonic() + SLICE_MS;
    for (const { from, to } of this.removed) {
      this.staged.remove(from, to);
      if (this.clock.monotonic() < slice) continue;
      await this.pause();
      slice = this.clock.monotonic() + SLICE_MS;
    }
    this.staged.dropBefore(this.first);
  }
}

function noteDamage(damage: StoredDamage[], reader: BlockReader, from: number, to: number): void {
  const found = reader.damage[damage.length];
  if (found !== undefined) damage.push({ bytes: found.to - found.from, from, to });
}
