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

export interface BlockOutcome {
  readonly messages: number;
  /** Of these, how many were held against their checksums. */
  readonly verified: number;
  /** Bytes that are no whole records. */
  readonly damagedBytes: number;
  /** The sequences that stand on both sides of what is damaged: what is missing lies between. 0 where there is none. */
  readonly damage: readonly SequenceSpan[];
}

export class StoredMessages {
  private readonly staged: StagedStream;
  private readonly clock: Clock;
  private readonly removed: SequenceSpan[] = [];
  /** The lowest sequence of each block. */
  private readonly lows = new Map<number, number>();
  private first = 0;
  private last = 0;
  private lastTime: Moment | null = null;

  constructor(staged: StagedStream, clock: Clock) {
    this.staged = staged;
    this.clock = clock;
  }

  /** Adds the messages of one block; blocks come in the order of their numbers. `every`: see `BlockReader`. */
  async addBlock(number: number, records: Uint8Array, hash: HighwayHash, every = 1): Promise<BlockOutcome> {
    const reader = new BlockReader(records, hash, every);
    const damage: SequenceSpan[] = [];
    let messages = 0;
    let before = 0;
    let slice = this.clock.monotonic() + SLICE_MS;
    for (let count = 1; reader.next(); count++) {
      if (reader.damage.length > damage.length) damage.push({ from: before, to: reader.sequence });
      if (this.take(number, reader)) messages++;
      if (reader.kind !== RecordKind.removed) before = reader.sequence;
      if (count % SLICE_RECORDS !== 0 || this.clock.monotonic() < slice) continue;
      await this.pause();
      slice = this.clock.monotonic() + SLICE_MS;
    }
    if (reader.damage.length > damage.length) damage.push({ from: before, to: 0 });
    const damagedBytes = reader.damage.reduce((sum, { from, to }) => sum + to - from, 0);
    return { messages, verified: reader.verified, damagedBytes, damage };
  }

  private async pause(): Promise<void> {
    await this.staged.pace();
    await new Promise<void>((resolve) => this.clock.soon(resolve));
  }

  /** Whether it is a message. */
  private take(block: number, reader: BlockReader): boolean {
    const { kind, sequence } = reader;
    if (sequence > 0 && kind !== RecordKind.removed) this.noteLow(block, sequence);
    if (kind === RecordKind.message) {
      const { bytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd } = reader;
      const message = { subjectBytes: bytes, bytes, subjectStart, subjectEnd, headerStart, bodyStart, bodyEnd };
      this.staged.append(sequence, reader, message);
    } else if (kind === RecordKind.removed) this.remove(sequence, sequence);
    if (sequence >= this.last) this.noteLast(sequence, reader);
    return kind === RecordKind.message;
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
    if (facts.last <= this.last) return;
    this.last = facts.last;
    this.lastTime = facts.lastTime > 0n ? momentOf(facts.lastTime) : null;
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
