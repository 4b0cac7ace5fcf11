/**
 * Reads the archive of nats-server up to 2.14: the files of a stream, one behind the other. Each is held against its checksum, and nothing
 * else may be there.
 */
import type { Buffer } from 'node:buffer';
import { isValidName } from '../../../protocols/jetstream/names.ts';
import { readConsumerFile } from '../../../protocols/nats-files/consumer-file.ts';
import { hasRightSum } from '../../../protocols/nats-files/definition-file.ts';
import { readBlockIndex, readIndexFile } from '../../../protocols/nats-files/stream-index.ts';
import { type TarFile, TarReader } from '../../../protocols/nats-files/tar.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import { keptStateOf, startState } from './consumer-entry.ts';
import type { Intake, IntakePlace } from './intake.ts';
import { StagedStream } from './staged-stream.ts';
import { hashOf, readStoredConsumer, readStoredStream } from './stored-definition.ts';
import { StoredMessages } from './stored-messages.ts';

const MIB = 1024 * 1024;
/** Larger than any message; blocks are of 8 MiB, or of one message that is larger. */
const BLOCK_BYTES_MAX = 128 * MIB;
const INDEX_BYTES_MAX = 256 * MIB;
const SMALL_BYTES_MAX = 4 * MIB;

const BLOCK_FILE = /^msgs\/(\d{1,9})\.(blk|idx|fss)$/;
const CONSUMER_FILE = /^obs\/([^/]+)\/(meta\.inf|meta\.sum|o\.dat)$/;
/** What can be told from the messages, or is of no use here: tables of subjects, of ends, of schedules. */
const PASSED_OVER = new Set(['msgs/thw.db', 'msgs/sched.db']);

/** What a file of an archive may be long at most; null where none of that name belongs there. */
function limitOf(path: string): number | null {
  const [, , kind] = BLOCK_FILE.exec(path) ?? [];
  if (kind === 'blk') return BLOCK_BYTES_MAX;
  if (kind !== undefined || path === 'msgs/index.db' || PASSED_OVER.has(path)) return INDEX_BYTES_MAX;
  const [, consumer, file] = CONSUMER_FILE.exec(path) ?? [];
  if (consumer !== undefined)
    return !isValidName(consumer) ? null : file === 'o.dat' ? INDEX_BYTES_MAX : SMALL_BYTES_MAX;
  return path === 'meta.inf' || path === 'meta.sum' || path === 'errors.txt' ? SMALL_BYTES_MAX : null;
}

export class FileIntake implements Intake {
  staged: StagedStream | null = null;
  readonly consumers: KeptConsumer[] = [];
  created: bigint | null = null;
  private readonly place: IntakePlace;
  private readonly tar = new TarReader(limitOf);
  private messages: StoredMessages | null = null;
  private definition: Buffer | null = null;
  private readonly blockFiles = new Map<string, Buffer>();
  private readonly consumerFiles = new Map<string, Map<string, Buffer>>();
  private index: Buffer | null = null;
  private lastBlock = 0;

  constructor(place: IntakePlace) {
    this.place = place;
  }

  async take(piece: Buffer): Promise<void> {
    this.tar.add(piece);
    for (let file = this.tar.next(); file !== null; file = this.tar.next()) await this.takeFile(file);
    if (this.tar.problem !== '') throw new Error(`the backup can not be read: ${this.tar.problem}`);
    await this.staged?.pace();
  }

  private async takeFile({ path, content }: TarFile): Promise<void> {
    const [, number = '', kind] = BLOCK_FILE.exec(path) ?? [];
    const [, consumer = '', file] = CONSUMER_FILE.exec(path) ?? [];
    if (path === 'meta.inf') await this.open(content);
    else if (path === 'meta.sum') this.checkDefinition(content);
    else if (path === 'msgs/index.db') this.index = content;
    else if (kind === 'blk') await this.takeBlock(Number(number), content);
    else if (kind === 'idx') this.blockFiles.set(number, content);
    else if (file !== undefined) this.filesOf(consumer).set(file, content);
    else if (path === 'errors.txt') {
      throw new Error(`the server that made the backup met an error: ${content.toString('utf8').slice(0, 500)}`);
    }
  }

  private filesOf(consumer: string): Map<string, Buffer> {
    const files = this.consumerFiles.get(consumer) ?? new Map<string, Buffer>();
    this.consumerFiles.set(consumer, files);
    return files;
  }

  private async open(content: Buffer): Promise<void> {
    if (this.staged !== null) throw new Error('the backup says twice what stream it is of');
    const stored = readStoredStream(content);
    if (stored === null) throw new Error('it can not be read what stream the backup is of');
    const { name } = this.place.config;
    if (stored.name !== name) throw new Error(`the backup is of the stream '${stored.name}', not of '${name}'`);
    this.definition = content;
    this.created = stored.created;
    this.staged = await StagedStream.open(this.place, this.place.config);
    this.messages = new StoredMessages(this.staged, this.place.clock);
  }

  private checkDefinition(sum: Buffer): void {
    if (this.definition === null) return;
    if (!hasRightSum(this.definition, sum, hashOf(this.place.config.name))) {
      throw new Error("the backup is damaged: the checksum of 'meta.inf' is wrong");
    }
  }

  private async takeBlock(number: number, content: Buffer): Promise<void> {
    if (this.messages === null) throw new Error('the backup does not say what stream it is of');
    if (number <= this.lastBlock) throw new Error(`the block ${number} is out of order`);
    this.lastBlock = number;
    const hash = hashOf(`${this.place.config.name}-${number}`);
    const { damage } = await this.messages.addBlock(number, content, hash);
    const bytes = damage.reduce((sum, found) => sum + found.bytes, 0);
    if (bytes > 0) throw new Error(`the backup is damaged: ${bytes} bytes of the block ${number} are no messages`);
  }

  async finish(): Promise<void> {
    const { staged, messages } = this;
    if (staged === null || messages === null || !this.tar.isComplete) throw new Error('backup was truncated');
    for (const [number, content] of this.blockFiles) {
      const facts = readBlockIndex(Number(number), content);
      if (facts === null) throw new Error(`the backup is damaged: the index of the block ${number} can not be read`);
      messages.addFacts(facts, false);
    }
    if (this.index !== null) {
      const facts = readIndexFile(this.index, hashOf(this.place.config.name));
      if (typeof facts === 'string') throw new Error(`the backup is damaged: its index can not be read: ${facts}`);
      messages.addFacts(facts, true);
    }
    await messages.finish();
    for (const [name, files] of this.consumerFiles) this.consumers.push(await this.consumerOf(name, files));
  }

  /** One that was never given a message has no state. */
  private async consumerOf(name: string, files: ReadonlyMap<string, Buffer>): Promise<KeptConsumer> {
    const [definition, sum, state] = ['meta.inf', 'meta.sum', 'o.dat'].map((file) => files.get(file));
    const stored = definition === undefined ? null : readStoredConsumer(definition);
    const isWhole = sum === undefined || hasRightSum(definition!, sum, hashOf(`${this.place.config.name}/${name}`));
    const place = state === undefined ? null : readConsumerFile(state);
    if (stored === null || stored.name !== name || !isWhole || (place === null && state !== undefined)) {
      throw new Error(`the consumer '${name}' can not be read`);
    }
    const { config, created } = stored;
    if (place !== null) return { name, config, created, state: keptStateOf(place) };
    return { name, config, created, state: await startState(config, this.staged!, this.place.clock) };
  }
}
