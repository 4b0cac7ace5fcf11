import { performance } from 'node:perf_hooks';
import { Failure } from './failure.ts';
import { FrameCounter } from './frame-counter.ts';
import { FrameReader } from './frame-reader.ts';
import { type Link, openLink } from './link.ts';
import type { LoadResult, Order, StreamLoad, Target } from './load.ts';
import { measure } from './measured-span.ts';
import { buildPublishFrames, type PublishFrames } from './publish-frames.ts';
import { Publisher } from './publisher.ts';

interface Subscriber {
  link: Link;
  counter: FrameCounter;
}

/** Runs a publisher and its subscribers, and answers only if every message arrived exactly once. */
export async function runStreamLoad(order: Order, load: StreamLoad): Promise<LoadResult> {
  const session = new StreamSession(order.target, load);
  try {
    return await session.failure.orResult(session.run(order));
  } finally {
    session.close();
  }
}

class StreamSession {
  readonly failure = new Failure();
  readonly #target: Target;
  readonly #load: StreamLoad;
  readonly #frames: PublishFrames;
  readonly #subscribers: Subscriber[] = [];
  readonly #windowMessages: number;
  #publisherLink: Link | null = null;
  #publisher: Publisher | null = null;
  #lastReadAt = 0;

  constructor(target: Target, load: StreamLoad) {
    this.#target = target;
    this.#load = load;
    this.#frames = buildPublishFrames(load);
    this.#windowMessages = Math.max(1, Math.floor(load.windowBytes / this.#frames.messageBytes));
  }

  async run(order: Order): Promise<LoadResult> {
    await this.#open();
    this.failure.watchForStall(order.phases.stallSeconds, () => this.#progress());
    await this.#phase(order.phases.warmupSeconds);
    const messagesBefore = this.#publisher!.messages;
    const deliveredBefore = this.#delivered();
    const span = await measure(this.#target.pid, () => this.#phase(order.phases.seconds));
    const published = this.#publisher!.messages - messagesBefore;
    const delivered = this.#delivered() - deliveredBefore;
    const counted = this.#subscribers.length > 0 ? delivered : published;
    return span.result({ published, delivered, counted, messages: published + delivered, latency: null });
  }

  close(): void {
    this.failure.stopWatching();
    this.#publisherLink?.close();
    for (const { link } of this.#subscribers) link.close();
  }

  async #open(): Promise<void> {
    for (let count = 0; count < this.#load.subscribers; count++) await this.#openSubscriber();
    this.#publisherLink = await openLink({
      ...this.#target,
      onFailure: (error) => this.failure.fail(error),
      intake: (onLine) => new FrameReader(0, () => {}, onLine),
    });
    this.#publisher = new Publisher(this.#publisherLink, this.#frames, () => this.#hasRoom());
  }

  async #openSubscriber(): Promise<void> {
    let counter: FrameCounter | null = null;
    const link = await openLink({
      ...this.#target,
      onFailure: (error) => this.failure.fail(error),
      intake: (onLine) => {
        counter = new FrameCounter(this.#frames.messageBytes, onLine);
        return counter;
      },
    });
    this.#subscribers.push({ link, counter: counter! });
    link.afterRead = () => this.#afterRead();
    await link.sendAndAwaitPong(`SUB ${this.#subscription()} 1\r\nPING\r\n`);
  }

  #subscription(): string {
    const lastToken = this.#load.lastToken ?? 't';
    if (this.#load.isQueueGroup) return `bench.*.${lastToken} workers`;
    return this.#load.subjects > 1 ? `bench.*.${lastToken}` : `bench.000000.${lastToken}`;
  }

  #afterRead(): void {
    this.#lastReadAt = performance.now();
    this.#publisher?.roomMayHaveGrown();
  }

  #hasRoom(): boolean {
    if (this.#subscribers.length === 0) return true;
    return this.#publisher!.messages - this.#received() < this.#windowMessages;
  }

  /** Messages that are certain to have left the server: the group's sum, or the slowest subscriber's count. */
  #received(): number {
    if (this.#load.isQueueGroup) return this.#delivered();
    let least = Number.POSITIVE_INFINITY;
    for (const { counter } of this.#subscribers) least = Math.min(least, counter.frames);
    return least;
  }

  #delivered(): number {
    let sum = 0;
    for (const { counter } of this.#subscribers) sum += counter.frames;
    return sum;
  }

  #progress(): string {
    return `${this.#publisher!.messages} messages published, ${this.#delivered()} delivered`;
  }

  /** Publishes, waits until all has arrived, and answers when that was. */
  async #phase(seconds: number): Promise<number> {
    await this.#publisher!.publishFor(seconds);
    const publishedAt = performance.now();
    // A subscriber's PONG stands behind all its messages: what has not arrived by then was lost.
    await Promise.all(this.#subscribers.map(({ link }) => link.ping()));
    this.#verify();
    return this.#subscribers.length > 0 ? Math.max(publishedAt, this.#lastReadAt) : publishedAt;
  }

  #verify(): void {
    const { messages } = this.#publisher!;
    const copies = this.#load.isQueueGroup ? 1 : this.#subscribers.length;
    if (copies === 0 || messages === 0) return;
    const delivered = this.#delivered();
    if (delivered !== messages * copies) {
      throw new Error(`${messages * copies} messages should have been delivered, and ${delivered} were`);
    }
    for (const subscriber of this.#subscribers) this.#verifySubscriber(subscriber.counter, messages);
  }

  #verifySubscriber(counter: FrameCounter, messages: number): void {
    if (!this.#load.isQueueGroup && counter.frames !== messages) {
      throw new Error(`a subscriber got ${counter.frames} of ${messages} messages`);
    }
    if (counter.frames === 0) return;
    if (!counter.isBetweenFrames) throw new Error('a subscriber was left with a part of a message');
    verifyFrame('first', counter.first, this.#frames.messageAt(0));
    verifyFrame('last', counter.last, this.#frames.messageAt(messages - 1));
  }
}

function verifyFrame(which: string, actual: Buffer, expected: Buffer): void {
  if (actual.equals(expected)) return;
  const shown = JSON.stringify(actual.toString('latin1', 0, 80));
  throw new Error(
    `the ${which} message arrived as ${shown} instead of ${JSON.stringify(expected.toString('latin1', 0, 80))}`,
  );
}
