/** Takes over one stream from the files of a nats-server. */
import { join } from 'node:path';
import type { Disk } from '../../kernel/ports/ports.ts';
import { subjectFromText } from '../../kernel/routing/subject.ts';
import {
  consumerCell,
  type KeptConsumer,
  printConsumer,
  printStream,
  STREAM_CELL,
} from '../../plugins/jetstream/account/kept-definitions.ts';
import { storeIdOf } from '../../plugins/jetstream/account/stream-account.ts';
import { keptStateOf, startState } from '../../plugins/jetstream/backup/consumer-entry.ts';
import { StagedStream, type StagePlace } from '../../plugins/jetstream/backup/staged-stream.ts';
import {
  hashOf,
  readStoredConsumer,
  readStoredStream,
  type StoredDefinition,
} from '../../plugins/jetstream/backup/stored-definition.ts';
import { StoredMessages } from '../../plugins/jetstream/backup/stored-messages.ts';
import { isValidName } from '../../protocols/jetstream/names.ts';
import type { StreamConfig } from '../../protocols/jetstream/stream-config.ts';
import { blockRecords } from '../../protocols/nats-files/block-file.ts';
import { readConsumerFile } from '../../protocols/nats-files/consumer-file.ts';
import { hasRightSum } from '../../protocols/nats-files/definition-file.ts';
import { readBlockIndex, readIndexFile, type StoreFacts } from '../../protocols/nats-files/stream-index.ts';
import { keepToLimits } from './import-limits.ts';
import type { ImportedStream } from './import-report.ts';
import {
  type BlockFile,
  blockFiles,
  consumerNames,
  isEncrypted,
  readBounded,
  readIfThere,
  type StreamFolder,
} from './nats-directory.ts';

const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

export interface ImportPlace extends Omit<StagePlace, 'id'> {
  readonly disk: Disk;
  /** Each message is held against its checksum, or one of so many. */
  readonly verifyEvery: number;
}

const ENCRYPTED =
  'it is encrypted: start that nats-server with its key once more, take a backup ("nats stream backup"), and restore it here';

export class StreamImport {
  private readonly place: ImportPlace;
  private readonly folder: StreamFolder;
  private readonly notes: string[] = [];
  private readonly damage: string[] = [];
  private verified = 0;
  private read = 0;
  private strange = 0;

  constructor(place: ImportPlace, folder: StreamFolder) {
    this.place = place;
    this.folder = folder;
  }

  async run(): Promise<ImportedStream> {
    const stored = await this.definition();
    if (typeof stored === 'string') return this.leftOut(stored);
    const { account, name } = this.folder;
    const id = storeIdOf(subjectFromText(account), name);
    if ((await this.place.driver.list()).includes(id)) return this.leftOut('a stream of that name is there already');
    const config = this.adapted(stored.config);
    const staged = await StagedStream.open({ ...this.place, id }, config);
    try {
      return await this.fill(staged, { ...stored, config });
    } catch (error) {
      await staged.destroy();
      return this.leftOut((error as Error).message);
    }
  }

  private leftOut(reason: string): ImportedStream {
    return { ...this.outcome(), leftOut: reason };
  }

  private outcome(): ImportedStream {
    const { account, name } = this.folder;
    const { notes, damage, verified, read } = this;
    const nothing = { messages: 0, bytes: 0, first_seq: 0, last_seq: 0, consumers: 0 };
    return { account, stream: name, ...nothing, read, verified, notes, damage, leftOut: '' };
  }

  /** As text, why there is none. */
  private async definition(): Promise<StoredDefinition<StreamConfig> | string> {
    const { disk } = this.place;
    const { path, name } = this.folder;
    if (await isEncrypted(disk, this.folder)) return ENCRYPTED;
    const bytes = await readIfThere(disk, join(path, 'meta.inf'));
    const stored = bytes === null ? null : readStoredStream(bytes);
    if (stored === null) return 'its definition, meta.inf, can not be read';
    if (stored.name !== name) return `its definition is that of another stream, ${JSON.stringify(stored.name)}`;
    if (stored.config.storage === 'memory') return 'it is kept in memory, and has no messages on disk';
    const sum = await readIfThere(disk, join(path, 'meta.sum'));
    if (sum !== null && !hasRightSum(bytes!, sum, hashOf(name))) {
      this.damage.push('its definition does not fit its checksum: look whether it is right');
    }
    return stored;
  }

  /** One server keeps one copy. */
  private adapted(config: StreamConfig): StreamConfig {
    if (config.replicas <= 1) return config;
    this.notes.push(`it had ${config.replicas} replicas, and has one now`);
    return { ...config, replicas: 1 };
  }

  private async fill(staged: StagedStream, stored: StoredDefinition<StreamConfig>): Promise<ImportedStream> {
    const messages = new StoredMessages(staged, this.place.clock, (problem) => this.noteStrange(problem));
    const blocks = await blockFiles(this.place.disk, this.folder);
    for (const block of blocks) await this.takeBlock(messages, block);
    const facts = await this.takeIndex(messages, blocks);
    await messages.finish();
    const over = keepToLimits(staged, stored.config);
    if (over > 0) this.notes.push(`${over} messages beyond its limits are not taken, since its index is old`);
    const { records } = staged;
    if (facts !== null && facts.last === records.last && records.count < facts.messages) {
      this.damage.push(`${facts.messages - records.count} messages are lost that its index knows`);
    }
    const consumers = await this.consumers(staged);
    this.writeCells(staged, stored, consumers);
    await staged.settled();
    const { count, bytes, first, last } = records;
    await records.store.publish();
    await records.close();
    const state = { messages: count, bytes, first_seq: first, last_seq: last, consumers: consumers.length };
    return { ...this.outcome(), ...state };
  }

  private noteStrange(problem: string): void {
    this.strange++;
    if (this.strange <= STRANGE_MAX) this.damage.push(`${problem}: left out`);
    else if (this.strange === STRANGE_MAX + 1) this.damage.push('more such messages are left out');
  }

  private async takeBlock(messages: StoredMessages, { number, path }: BlockFile): Promise<void> {
    const file = await readBounded(this.place.disk, path, BLOCK_BYTES_MAX);
    const records = typeof file === 'string' ? file : blockRecords(file, BLOCK_BYTES_MAX);
    if (typeof records === 'string') {
      this.damage.push(`block ${number} can not be read: ${records}`);
      return;
    }
    const hash = hashOf(`${this.folder.name}-${number}`);
    const outcome = await messages.addBlock(number, records, hash, this.place.verifyEvery);
    this.verified += outcome.verified;
    this.read += outcome.records;
    for (const { bytes, from, to } of outcome.damage) {
      const after = from === 0 ? 'the beginning' : `message ${from}`;
      this.damage.push(
        `block ${number}: ${bytes} bytes are no whole messages, between ${after} and ${to === 0 ? 'its end' : `message ${to}`}`,
      );
    }
  }

  /** Answers what was known of the whole store; null where that can not be read. */
  private async takeIndex(messages: StoredMessages, blocks: readonly BlockFile[]): Promise<StoreFacts | null> {
    const { disk } = this.place;
    for (const { number, path } of blocks) {
      const bytes = await readIfThere(disk, path.replace(/blk$/, 'idx'));
      const facts = bytes === null ? null : readBlockIndex(number, bytes);
      if (facts !== null) messages.addFacts(facts, false);
    }
    const bytes = await readIfThere(disk, join(this.folder.path, 'msgs', 'index.db'));
    if (bytes === null) return null;
    const facts = readIndexFile(bytes, hashOf(this.folder.name));
    if (typeof facts === 'string') {
      this.damage.push(`its index can not be read: ${facts}: messages may be back that limits had removed`);
      return null;
    }
    messages.addFacts(facts, true);
    const present = new Set(blocks.map(({ number }) => number));
    for (const { number, first, last, messages: count } of facts.blocks) {
      if (count > 0 && !present.has(number)) {
        this.damage.push(`block ${number} is missing: ${count} messages between ${first} and ${last}`);
      }
    }
    return facts;
  }

  private async consumers(staged: StagedStream): Promise<KeptConsumer[]> {
    const found: KeptConsumer[] = [];
    for (const name of await consumerNames(this.place.disk, this.folder)) {
      const consumer = await this.consumer(staged, name).catch((error: Error) => error.message);
      if (typeof consumer === 'string')
        this.damage.push(`the consumer ${JSON.stringify(name)} is left out: ${consumer}`);
      else found.push(consumer);
    }
    return found;
  }

  private async consumer(staged: StagedStream, name: string): Promise<KeptConsumer | string> {
    const { disk } = this.place;
    const [definition, sum, state] = await Promise.all(
      ['meta.inf', 'meta.sum', 'o.dat'].map((file) => readIfThere(disk, join(this.folder.path, 'obs', name, file))),
    );
    const stored = definition == null ? null : readStoredConsumer(definition);
    if (stored === null || stored.name !== name || !isValidName(name)) return 'its definition can not be read';
    if (sum != null && !hasRightSum(definition!, sum, hashOf(`${this.folder.name}/${name}`))) {
      return 'its definition does not fit its checksum';
    }
    const { created } = stored;
    const config = stored.config.replicas > 1 ? { ...stored.config, replicas: 1 } : stored.config;
    if (state == null) return { name, config, created, state: startState(config, staged) };
    const place = readConsumerFile(state);
    return place === null ? 'where it stands can not be read' : { name, config, created, state: keptStateOf(place) };
  }

  private writeCells(
    { records }: StagedStream,
    { created, config }: StoredDefinition<StreamConfig>,
    consumers: readonly KeptConsumer[],
  ): void {
    const tickets = [records.cells.put(STREAM_CELL, printStream({ config, created }))];
    for (const consumer of consumers)
      tickets.push(records.cells.put(consumerCell(consumer.name), printConsumer(consumer)));
    if (tickets.some((ticket) => ticket < 0)) throw new Error('there is no room');
  }
}

/** So many messages that can not be are named one by one. */
const STRANGE_MAX = 20;
