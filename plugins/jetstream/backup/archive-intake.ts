/** Reads the archive of nats-server 2.15: what a stream is, its consumers, and its messages one by one. */
import { Buffer } from 'node:buffer';
import {
  type ArchiveEntry,
  ArchiveReader,
  CONSUMER_ENTRIES,
  STATE_ENTRY,
} from '../../../protocols/jetstream/archive.ts';
import { DecodeFault, decodeBody } from '../../../protocols/jetstream/json/codec.ts';
import { isValidName } from '../../../protocols/jetstream/names.ts';
import { streamState } from '../../../protocols/jetstream/stream-info.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import { momentOf } from '../stream/moment.ts';
import { readConsumerEntry } from './consumer-entry.ts';
import type { Intake, IntakePlace } from './intake.ts';
import { StagedStream } from './staged-stream.ts';

export class ArchiveIntake implements Intake {
  staged: StagedStream | null = null;
  readonly consumers: KeptConsumer[] = [];
  readonly created = null;
  private readonly place: IntakePlace;
  private readonly reader = new ArchiveReader();
  private state = streamState.zero();

  constructor(place: IntakePlace) {
    this.place = place;
  }

  async take(piece: Buffer): Promise<void> {
    this.reader.add(piece);
    for (let entry = this.reader.next(); entry !== null; entry = this.reader.next()) {
      if (entry.sequence > 0) this.append(entry);
      else if (entry.name === STATE_ENTRY) await this.open(entry);
      else if (entry.name.startsWith(CONSUMER_ENTRIES)) this.takeConsumer(entry);
      else throw new Error(`the backup holds '${entry.name}', which is not known`);
    }
    if (this.reader.problem !== '') throw new Error(this.reader.problem);
    await this.staged?.pace();
  }

  private async open({ payload }: ArchiveEntry): Promise<void> {
    if (this.staged !== null) throw new Error('the backup says twice what state it is of');
    const state = decodeBody(payload, streamState, false);
    if (state instanceof DecodeFault) throw new Error(`the state can not be read: ${state.text}`);
    this.staged = await StagedStream.open(this.place, this.place.config);
    this.state = state;
  }

  private append({ name, time, sequence, header, payload }: ArchiveEntry): void {
    if (this.staged === null) throw new Error('the backup does not say what state it is of');
    const subject = Buffer.from(name, 'latin1');
    const bytes = Buffer.concat([subject, header, payload]);
    const bodyStart = subject.length + header.length;
    const range = { subjectBytes: bytes, subjectStart: 0, subjectEnd: subject.length, bytes };
    const message = { ...range, headerStart: subject.length, bodyStart, bodyEnd: bytes.length };
    this.staged.append(sequence, momentOf(time), message);
  }

  private takeConsumer({ name, payload }: ArchiveEntry): void {
    const consumer = readConsumerEntry(name.slice(CONSUMER_ENTRIES.length), payload, this.place.now);
    if (consumer === null || !isValidName(consumer.name)) throw new Error(`the consumer '${name}' can not be read`);
    this.consumers.push(consumer);
  }

  async finish(): Promise<void> {
    const { staged, state } = this;
    if (staged === null || !this.reader.isComplete) throw new Error('backup was truncated');
    // The newest message may have been removed before the backup: its time stands in the state alone.
    staged.spend(Number(state.lastSequence), state.lastTime > 0n ? momentOf(state.lastTime) : null);
    staged.dropBefore(Number(state.firstSequence));
  }
}
