/** What has to be known of a consumer before anything is sent is found out a piece a turn; who asks meanwhile waits. */
import type { Consumer } from './consumer.ts';

/** What a piece may take. */
const SLICE_MS = 2;

export class Preparation {
  private readonly consumer: Consumer;
  private waiting: (() => void)[] = [];
  private isUnderWay = false;
  private isClosed = false;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  get isDone(): boolean {
    return !this.isUnderWay && this.consumer.machine.backlog.isReady;
  }

  begin(): void {
    if (this.isUnderWay || this.isClosed) return;
    this.isUnderWay = true;
    this.consumer.stream.consumers.prepares(this.consumer, true);
    this.goOn();
  }

  /** Resolves when it is done, or never will be; null when it is done now. */
  whenDone(): Promise<void> | null {
    if (this.isDone || this.isClosed) return null;
    this.begin();
    return this.isDone ? null : new Promise((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.isClosed = true;
    this.tell();
  }

  private goOn(): void {
    const { consumer } = this;
    const { clock } = consumer.of;
    const until = clock.monotonic() + SLICE_MS;
    while (!this.isClosed && !consumer.machine.prepare()) {
      if (clock.monotonic() < until) continue;
      clock.soon(() => this.goOn());
      return;
    }
    this.isUnderWay = false;
    consumer.stream.consumers.prepares(consumer, false);
    this.tell();
    consumer.wake();
  }

  private tell(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const tell of waiting) tell();
  }
}
