/**
 * Writes the archive of nats-server up to 2.14: the files that it would keep of the stream. How long a file is stands before it, so
 * messages are gathered until a block is full.
 */
import { Buffer } from 'node:buffer';
import { encodeConsumerFile } from '../../../protocols/nats-files/consumer-file.ts';
import { sumText } from '../../../protocols/nats-files/definition-file.ts';
import { TAR_END, tarHeader, tarPadding } from '../../../protocols/nats-files/tar.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import type { Consumer } from '../consumer/consumer.ts';
import { nanosOf } from '../stream/moment.ts';
import type { BackedUp, BackupWriter } from './backup-writer.ts';
import { BlockGatherer } from './block-gatherer.ts';
import { storedStateOf } from './consumer-entry.ts';
import { hashOf, printStoredConsumer, printStoredStream } from './stored-definition.ts';

const BLOCK_BYTES = 1024 * 1024;

export class FileWriter implements BackupWriter {
  private readonly name: string;
  private readonly seconds: number;
  private readonly definition: Buffer;
  /** Consumers are where they were when the backup began. */
  private readonly consumerFiles: readonly Buffer[];
  private readonly last: number;
  private readonly lastTime: bigint;
  private ready: Buffer[] = [];
  private block: BlockGatherer;
  private blocks = 0;
  private newest = 0;

  constructor({ stream, consumers }: BackedUp) {
    const { name, config, created, log, of } = stream;
    this.name = name;
    this.seconds = Math.floor(of.clock.now() / 1000);
    this.definition = printStoredStream({ name, config, created });
    this.consumerFiles = consumers.flatMap((consumer) => this.filesOf(consumer));
    this.last = log.last;
    this.lastTime = nanosOf(log.lastSeconds, log.lastNanos);
    this.block = this.nextBlock();
  }

  opening(): Buffer {
    return Buffer.concat([
      this.file('meta.inf', this.definition),
      this.file('meta.sum', Buffer.from(sumText(this.definition, hashOf(this.name)))),
    ]);
  }

  add(record: StoredRecord): number {
    const length = this.block.add(record);
    this.newest = record.seq;
    if (this.block.bytes >= BLOCK_BYTES) this.endBlock();
    return length;
  }

  private endBlock(): void {
    const { records, bytes } = this.block;
    this.ready.push(...this.parts(`msgs/${this.blocks}.blk`, records, bytes));
    this.block = this.nextBlock();
  }

  /** A block's checksums are keyed by its number. */
  private nextBlock(): BlockGatherer {
    this.blocks++;
    return new BlockGatherer(this.name, this.blocks);
  }

  taken(): Buffer {
    const bytes = Buffer.concat(this.ready);
    this.ready = [];
    return bytes;
  }

  /** What was given out behind the newest message is there as well; and a stream with nothing in it has a block. */
  closing(): Buffer {
    this.block.end(this.newest, this.last, this.lastTime);
    if (this.block.bytes > 0 || this.blocks === 1) this.endBlock();
    return Buffer.concat([this.taken(), ...this.consumerFiles, TAR_END]);
  }

  private filesOf(consumer: Consumer): Buffer[] {
    const { name, created, config } = consumer;
    const definition = printStoredConsumer({ name, created, config });
    const folder = `obs/${name}`;
    return [
      this.file(`${folder}/meta.inf`, definition),
      this.file(`${folder}/meta.sum`, Buffer.from(sumText(definition, hashOf(`${this.name}/${name}`)))),
      this.file(`${folder}/o.dat`, encodeConsumerFile(storedStateOf(consumer))),
    ];
  }

  private file(path: string, content: Buffer): Buffer {
    return Buffer.concat(this.parts(path, [content], content.length));
  }

  private parts(path: string, contents: readonly Buffer[], length: number): Buffer[] {
    return [tarHeader(path, length, this.seconds), ...contents, tarPadding(length)];
  }
}
