/** Sees to it that what a stream has to do at a time is done then: messages that expire, ids that are forgotten, schedules. */

import type { Surroundings } from '../surroundings.ts';
import { Markers } from './marker.ts';
import type { MessageLog } from './message-log.ts';
import type { Moment } from './moment.ts';
import type { MarkerWriter, StreamMachine } from './stream-machine.ts';

/** Not more often than this does anything expire. */
const EXPIRY_STEP_MS = 250;
const LONGEST_WAIT_MS = 3_600_000;

/** The stream that has something to do. */
export interface KeepsTime {
  readonly of: Surroundings;
  readonly machine: StreamMachine;
  readonly log: MessageLog;
  readonly consumers: { wake(): void };
  now(): Moment;
  stored(sequence: number): void;
}

export class DueTimes {
  private readonly stream: KeepsTime;
  private readonly markers: MarkerWriter;
  private timer: (() => void) | null = null;
  /** When it runs; Infinity while there is none. */
  wakesAt = Number.POSITIVE_INFINITY;
  private isStopped = false;

  constructor(stream: KeepsTime) {
    this.stream = stream;
    this.markers = new Markers((sequence) => stream.stored(sequence));
  }

  /** Something will be done at a time. */
  get isSet(): boolean {
    return this.wakesAt !== Number.POSITIVE_INFINITY;
  }

  /** Something may be due earlier than was known. */
  schedule(): void {
    if (this.isStopped) return;
    const { machine, log, of } = this.stream;
    const due = machine.nextDue;
    const { coldAt } = machine.expiry;
    if (coldAt !== 0) log.whenLoaded(coldAt, () => this.schedule());
    if (due >= this.wakesAt) return;
    this.timer?.();
    this.wakesAt = due;
    const wait = Math.max(EXPIRY_STEP_MS, due - of.clock.now());
    this.timer = of.after(Math.min(wait, LONGEST_WAIT_MS), () => this.run());
  }

  /** Does what is due. */
  run(): void {
    if (this.isStopped) return;
    this.timer?.();
    this.timer = null;
    this.wakesAt = Number.POSITIVE_INFINITY;
    const { machine, log, consumers, of } = this.stream;
    const { seconds, nanos } = this.stream.now();
    const isMoreDue = machine.expire(seconds, nanos, this.markers);
    const stored = (sequence: number): void => this.stream.stored(sequence);
    const coldAt = machine.expiry.coldAt || machine.timetable.fire(seconds, nanos, stored);
    if (coldAt !== 0) log.whenLoaded(coldAt, () => this.run());
    consumers.wake();
    if (!isMoreDue) {
      this.schedule();
      return;
    }
    this.wakesAt = 0;
    this.timer = of.after(0, () => this.run());
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.();
    this.timer = null;
  }
}
