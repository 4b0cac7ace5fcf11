/**
 * What all stores write, gathered while a batch is under way and written with the next one. Batches carry numbers, each
 * under a key of its own for a while: one that LevelDB lost without a word leaves a gap.
 */
import type { Level } from 'level';
import { ALL_BATCHES, batchKey } from './keys.ts';
import { opened, sealed } from './values.ts';

export type Database = Level<Uint8Array, Uint8Array>;
export type Operation = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array };

/** A store with writes in a batch. */
export interface BatchMember {
  /** The batch is about to be written: adds what belongs with its writes, and notes how far they go. */
  seal(): void;
  /** What `seal` noted is written. */
  written(): void;
  failed(error: Error): void;
}

/** So many numbers stay in the database. */
const NUMBERS_KEPT = 64;
/** What may wait; beyond it nothing is taken. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const OPERATION_OVERHEAD = 64;

export class BatchWriter {
  /** Of the batch that was written last. */
  number = 0;
  /** Why a batch was not written. Nothing is written from then on, until it is opened again. */
  failure: Error | null = null;
  private readonly database: Database;
  private readonly sync: boolean;
  private operations: Operation[] = [];
  private bytes = 0;
  private members = new Set<BatchMember>();
  private running: Promise<void> | null = null;

  constructor(database: Database, sync: boolean) {
    this.database = database;
    this.sync = sync;
  }

  /** False when a batch is missing among those whose numbers are kept. Also after a failure, once the database is opened anew. */
  async open(): Promise<boolean> {
    this.failure = null;
    const numbers: number[] = [];
    for await (const [key, value] of this.database.iterator(ALL_BATCHES)) {
      const content = opened(key, value);
      if (content !== null) numbers.push(new DataView(content.buffer, content.byteOffset).getFloat64(0));
    }
    this.number = numbers[numbers.length - 1] ?? 0;
    return numbers.every((number, index) => index === 0 || number === numbers[index - 1]! + 1);
  }

  get isFull(): boolean {
    return this.bytes > QUEUE_BYTES_MAX;
  }

  add(member: BatchMember, operation: Operation): void {
    this.operations.push(operation);
    this.bytes += OPERATION_OVERHEAD + (operation.type === 'put' ? operation.value.length : 0);
    this.members.add(member);
    this.running ??= this.run();
  }

  /** For writes that change nothing in the database. */
  touch(member: BatchMember): void {
    this.members.add(member);
    this.running ??= this.run();
  }

  async flush(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private async run(): Promise<void> {
    // Everything that is written in this turn goes together.
    await Promise.resolve();
    while (this.members.size > 0) {
      if (this.failure === null) await this.writeOne();
      else this.giveUp(this.failure, this.members);
    }
    this.running = null;
  }

  /** Whoever has writes in what failed, or came after it, is told. */
  private giveUp(failure: Error, members: Iterable<BatchMember>): void {
    this.failure = failure;
    const told = new Set([...members, ...this.members]);
    this.operations = [];
    this.bytes = 0;
    this.members = new Set();
    for (const member of told) member.failed(failure);
  }

  private async writeOne(): Promise<void> {
    const members = [...this.members];
    for (const member of members) member.seal();
    this.addNumber();
    const { operations } = this;
    this.operations = [];
    this.bytes = 0;
    this.members = new Set();
    try {
      await this.database.batch(operations, { sync: this.sync });
    } catch (error) {
      this.giveUp(error as Error, members);
      return;
    }
    for (const member of members) member.written();
  }

  private addNumber(): void {
    this.number++;
    const key = batchKey(this.number);
    const content = new Uint8Array(8);
    new DataView(content.buffer).setFloat64(0, this.number);
    this.operations.push({ type: 'put', key, value: sealed(key, content) });
    if (this.number > NUMBERS_KEPT) this.operations.push({ type: 'del', key: batchKey(this.number - NUMBERS_KEPT) });
  }
}
