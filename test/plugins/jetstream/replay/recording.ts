/** Writes down every command that the machines of one broker get, so that others can be given the same. */
import { Buffer } from 'node:buffer';
import { ConsumerMachine } from '../../../../plugins/jetstream/consumer/consumer-machine.ts';
import { Consumers } from '../../../../plugins/jetstream/consumer/consumers.ts';
import { StreamMachine } from '../../../../plugins/jetstream/stream/stream-machine.ts';
import { Timetable } from '../../../../plugins/jetstream/stream/timetable.ts';
import type { StreamConfig } from '../../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../../storage-drivers/contract.ts';

export type Recorded = { readonly to: string; readonly command: string; readonly given: readonly unknown[] };

const STREAM_COMMANDS = [
  'publish',
  'publishBatch',
  'expire',
  'remove',
  'purge',
  'beginPurge',
  'stepPurge',
  'update',
  'trimMore',
  'rollUpMore',
] as const;
const CONSUMER_COMMANDS = [
  'deliver',
  'undeliver',
  'ack',
  'nak',
  'progress',
  'expire',
  'giveUp',
  'passStarter',
  'passTo',
  'removed',
  'missed',
  'purged',
  'keptBack',
  'recount',
  'reset',
  'update',
] as const;

type Method = (...given: unknown[]) => unknown;
type Methods = Record<string, Method>;

export class Recording {
  readonly commands: Recorded[] = [];
  /** The machines, when all is over. */
  stream: StreamMachine | null = null;
  /** As the stream was when it was made: later configurations are commands. */
  firstConfig: StreamConfig | null = null;
  readonly consumers = new Map<string, ConsumerMachine>();
  private readonly originals: (() => void)[] = [];
  /** What a command does within its own machine is no command. */
  private readonly busy = new Set<object>();

  constructor() {
    const streams = StreamMachine.prototype as unknown as Methods;
    for (const name of STREAM_COMMANDS) this.watch(streams, name, (machine) => this.asStream(machine));
    const timetables = Timetable.prototype as unknown as Methods;
    this.watch(timetables, 'fire', () => 'stream');
    const machines = ConsumerMachine.prototype as unknown as Methods;
    for (const name of CONSUMER_COMMANDS) this.watch(machines, name, (machine) => this.nameOf(machine));
    this.watchMaking(Consumers.prototype as unknown as Methods);
  }

  private asStream(machine: object): string {
    this.stream = machine as StreamMachine;
    this.firstConfig ??= this.stream.config;
    return 'stream';
  }

  private nameOf(machine: object): string {
    return (machine as ConsumerMachine).config.name;
  }

  private watch(of: Methods, name: string, whose: (machine: object) => string): void {
    const { commands, busy } = this;
    const original = of[name]!;
    this.originals.push(() => {
      of[name] = original;
    });
    of[name] = function (this: object, ...given: unknown[]): unknown {
      // What comes of schedules is done to their stream.
      const machine = (this as { stream?: object }).stream ?? this;
      if (busy.has(machine)) return original.apply(this, given);
      commands.push({ to: whose(this), command: name, given: given.map(kept) });
      busy.add(machine);
      try {
        return original.apply(this, given);
      } finally {
        busy.delete(machine);
      }
    };
  }

  private watchMaking(of: Methods): void {
    const { commands, consumers } = this;
    const { make, remove } = of as { make: Method; remove: Method };
    this.originals.push(() => Object.assign(of, { make, remove }));
    of.make = function (this: object, ...given: unknown[]): unknown {
      const [name] = given;
      commands.push({ to: 'stream', command: 'make', given });
      const made = make.apply(this, given) as { machine: ConsumerMachine };
      consumers.set(name as string, made.machine);
      return made;
    };
    of.remove = function (this: object, ...given: unknown[]): unknown {
      const { name } = given[0] as { name: string };
      commands.push({ to: 'stream', command: 'forget', given: [name] });
      consumers.delete(name);
      return remove.apply(this, given);
    };
  }

  end(): void {
    for (const restore of this.originals) restore();
  }
}

/** A copy: what is given is borrowed. Functions and what is only filled are left out. */
function kept(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map((one: { message: MessageBytes }) => copyOf(one.message));
  if (isMessage(value)) return copyOf(value);
  if (typeof value !== 'object') return undefined;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? value : undefined;
}

function isMessage(value: unknown): value is MessageBytes {
  return typeof value === 'object' && value !== null && 'subjectBytes' in value;
}

export function copyOf(message: MessageBytes): MessageBytes {
  const { subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyStart, bodyEnd } = message;
  const subject = Buffer.from(subjectBytes.subarray(subjectStart, subjectEnd));
  const content = Buffer.from(bytes.subarray(headerStart, bodyEnd));
  const all = Buffer.concat([subject, content]);
  const start = subject.length;
  const place = { headerStart: start, bodyStart: start + bodyStart - headerStart, bodyEnd: all.length };
  return { subjectBytes: all, subjectStart: 0, subjectEnd: start, bytes: all, ...place };
}
