/** A stream and its consumers without a broker, which become what they are by recorded commands alone. */
import { Buffer } from 'node:buffer';
import { Usage } from '../../../../plugins/jetstream/account/usage.ts';
import { ConsumerMachine } from '../../../../plugins/jetstream/consumer/consumer-machine.ts';
import type { PurgedPart } from '../../../../plugins/jetstream/consumer/purged-part.ts';
import { Markers } from '../../../../plugins/jetstream/stream/marker.ts';
import { MessageLog, sizeFormulaOf } from '../../../../plugins/jetstream/stream/message-log.ts';
import { PublishVerdict } from '../../../../plugins/jetstream/stream/publish-verdict.ts';
import type { Purge, PurgeCommand } from '../../../../plugins/jetstream/stream/purge.ts';
import { StreamMachine } from '../../../../plugins/jetstream/stream/stream-machine.ts';
import type { ConsumerConfig } from '../../../../protocols/jetstream/consumer-config.ts';
import { PublishHeaders, scanPublishHeaders } from '../../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../../storage-drivers/contract.ts';
import { IndexedStore } from '../../../../storage-drivers/derived/indexed-store.ts';
import { MemoryDriver } from '../../../../storage-drivers/memory/memory-driver.ts';
import { createFakePorts } from '../../../kits/fake-ports.ts';
import type { Recorded } from './recording.ts';

const nothing = (): void => {};

export class Replica {
  readonly stream: StreamMachine;
  readonly consumers = new Map<string, ConsumerMachine>();
  private purge: Purge | null = null;
  private readonly verdict = new PublishVerdict();
  private readonly numbers = { deliveries: 0, consumerSequence: 0, pending: 0 };

  private constructor(config: StreamConfig, records: IndexedStore) {
    this.stream = new StreamMachine(config, new MessageLog(records, config.storage, new Usage()));
    // Each is told of each message: what is dropped as a whole has to come to the same.
    this.stream.log.listener = {
      removed: nothing,
      mayDrop: false,
      removedBefore: nothing,
    };
    this.setInterest();
  }

  static async of(config: StreamConfig): Promise<Replica> {
    const ports = createFakePorts();
    const first = config.firstSeq > 0n ? { firstSequence: Number(config.firstSeq) } : {};
    const options = { sizeOf: sizeFormulaOf(config.storage), clock: ports.clock, ...first };
    const { records } = await IndexedStore.open(new MemoryDriver(ports), 'S', options);
    return new Replica(config, records);
  }

  private setInterest(): void {
    const wants = (message: MessageBytes): boolean => {
      const subject = Buffer.from(message.subjectBytes).toString('latin1', message.subjectStart, message.subjectEnd);
      return [...this.consumers.values()].some(({ filters }) => filters.matchesText(subject));
    };
    this.stream.interest = this.stream.config.retention === 'interest' ? { wants } : null;
  }

  play({ to, command, given }: Recorded): void {
    if (to === 'stream') this.playStream(command, given);
    else this.playConsumer(this.consumers.get(to)!, command, given);
  }

  private playStream(command: string, given: readonly unknown[]): void {
    const { stream, verdict } = this;
    const [first, second] = given as [number, number];
    switch (command) {
      case 'publish': {
        const message = given[2] as MessageBytes;
        stream.publish(first, second, message, headersOf(message), verdict);
        break;
      }
      case 'publishBatch': {
        const all = (given[2] as MessageBytes[]).map((message) => ({ message, headers: scanned(message) }));
        stream.publishBatch(first, second, all, verdict);
        break;
      }
      case 'expire':
        stream.expire(first, second, new Markers(nothing));
        break;
      case 'fire':
        stream.timetable.fire(first, second, nothing);
        break;
      case 'remove':
        stream.remove(first, given[1] as boolean);
        break;
      case 'purge':
        stream.purge(given[0] as PurgeCommand);
        break;
      case 'beginPurge':
        this.purge = stream.beginPurge(given[0] as PurgeCommand);
        break;
      case 'stepPurge':
        stream.stepPurge(this.purge!, second);
        break;
      case 'update':
        stream.update(given[0] as StreamConfig);
        this.setInterest();
        break;
      case 'trimMore':
        stream.trimMore(first);
        break;
      case 'rollUpMore':
        stream.rollUpMore(first);
        break;
      case 'make':
        this.make(given[0] as string, given[1] as ConsumerConfig, given[2] as number);
        break;
      case 'forget':
        this.consumers.delete(given[0] as string);
    }
  }

  private make(name: string, config: ConsumerConfig, start: number): void {
    const startsWithLast = config.deliverPolicy === 'last_per_subject';
    this.consumers.set(name, new ConsumerMachine(config, this.stream.log, start, startsWithLast));
  }

  private playConsumer(machine: ConsumerMachine, command: string, given: readonly unknown[]): void {
    const [first, second, third, fourth] = given as [number, number, number, number];
    switch (command) {
      case 'deliver':
        machine.deliver(first, second, this.numbers);
        break;
      case 'undeliver':
        machine.undeliver(first);
        break;
      case 'ack':
        machine.ack(first, nothing, third);
        break;
      case 'nak':
        machine.nak(first, second, third, fourth);
        break;
      case 'progress':
        machine.progress(first, second);
        break;
      case 'expire':
        machine.expire(first, nothing);
        break;
      case 'giveUp':
        machine.giveUp(first, nothing);
        break;
      case 'passStarter':
        machine.passStarter();
        break;
      case 'passTo':
        machine.passTo(first);
        break;
      case 'removed':
        machine.removed(first, second, nothing);
        break;
      case 'missed':
        machine.missed(first, second);
        break;
      case 'purged':
        machine.purged(given[0] as PurgedPart);
        break;
      case 'keptBack':
        machine.keptBack(first);
        break;
      case 'recount':
        machine.recount();
        break;
      case 'reset':
        machine.reset(first);
        break;
      case 'update':
        machine.update(given[0] as ConsumerConfig);
    }
  }
}

function scanned(message: MessageBytes): PublishHeaders {
  const headers = new PublishHeaders();
  scanPublishHeaders(message.bytes as Buffer, message.headerStart, message.bodyStart - message.headerStart, headers);
  return headers;
}

function headersOf(message: MessageBytes): PublishHeaders | null {
  return message.bodyStart === message.headerStart ? null : scanned(message);
}

/** All that the machines hold, as one text. */
export function snapshotOf(stream: StreamMachine, consumers: ReadonlyMap<string, ConsumerMachine>): string {
  const { log } = stream;
  const place = [log.first, log.last, log.count, log.bytes, log.lastSeconds, log.lastNanos];
  const lines = [[...place, stream.lastMsgId, stream.duplicates.size, stream.nextDue].join(' ')];
  for (let seq = log.firstFrom(0); seq !== Number.POSITIVE_INFINITY; seq = log.firstFrom(seq + 1)) {
    const { seconds, nanos, flags, subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyEnd } =
      log.read(seq)!;
    const subject = Buffer.from(subjectBytes).toString('latin1', subjectStart, subjectEnd);
    const content = Buffer.from(bytes).toString('hex', headerStart, bodyEnd);
    lines.push([seq, seconds, nanos, flags, subject, content].join(' '));
  }
  for (const [name, machine] of [...consumers].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const { pendingCount, nextDeadline, queue } = machine;
    const again = [...machine.pending.keys()].filter((seq) => queue.has(seq));
    const first = machine.pending.has(queue.first) ? queue.first : 0;
    lines.push(`${name} ${JSON.stringify(machine.state())} ${pendingCount} ${nextDeadline} ${first} ${again}`);
  }
  return lines.join('\n');
}
