import { performance } from 'node:perf_hooks';
import { AckReader } from './ack-reader.ts';
import { Failure } from './failure.ts';
import { Latencies } from './latencies.ts';
import { type Link, openLink } from './link.ts';
import type { LoadResult, Order, StoreLoad, Target } from './load.ts';
import { measure } from './measured-span.ts';
import { payloadOf, subjectAt } from './publish-frames.ts';

const STREAM = 'BENCH';
const ACKS = '_INBOX.ack';

/** Publishes to a stream, and answers only if every message was acknowledged, with the sequence that it must have. */
export async function runStoreLoad(order: Order, load: StoreLoad): Promise<LoadResult> {
  const session = new StoreSession(order.target, load);
  try {
    return await session.failure.orResult(session.run(order));
  } finally {
    session.close();
  }
}

class StoreSession {
  readonly failure = new Failure();
  readonly #target: Target;
  readonly #load: StoreLoad;
  readonly #frames: Frames;
  #link: Link | null = null;
  #reader: AckReader | null = null;
  #sent = 0;
  #sentAt = 0;
  #deadline = 0;
  #latencies: Latencies | null = null;
  #finished: (() => void) | null = null;
  #answered: ((body: string) => void) | null = null;

  constructor(target: Target, load: StoreLoad) {
    this.#target = target;
    this.#load = load;
    this.#frames = new Frames(load);
  }

  async run(order: Order): Promise<LoadResult> {
    await this.#open();
    this.failure.watchForStall(order.phases.stallSeconds, () => `${this.#reader!.acks} messages acknowledged`);
    await this.#phase(order.phases.warmupSeconds);
    const before = this.#sent;
    const latencies = this.#load.window === 1 ? new Latencies() : null;
    this.#latencies = latencies;
    const span = await measure(this.#target.pid, () => this.#phase(order.phases.seconds));
    const stored = this.#sent - before;
    const latency = latencies?.summary() ?? null;
    return span.result({ published: stored, delivered: stored, counted: stored, messages: stored, latency });
  }

  close(): void {
    this.failure.stopWatching();
    this.#link?.close();
  }

  async #open(): Promise<void> {
    this.#link = await openLink({
      ...this.#target,
      onFailure: (error) => this.failure.fail(error),
      intake: (onLine) => {
        this.#reader = new AckReader((body) => this.#heard(body), onLine);
        return this.#reader;
      },
    });
    await this.#link.sendAndAwaitPong(`SUB _INBOX.* 1\r\nPING\r\n`);
    const config = { name: STREAM, subjects: ['bench.>'], storage: this.#load.storage };
    const body = JSON.stringify(config);
    const answer = new Promise<string>((resolve) => {
      this.#answered = resolve;
    });
    this.#link.write(`PUB $JS.API.STREAM.CREATE.${STREAM} _INBOX.api ${body.length}\r\n${body}\r\n`);
    const text = await answer;
    if (text.includes('"error"')) throw new Error(`the stream was not made: ${text}`);
    this.#link.afterRead = () => this.#afterRead();
  }

  #heard(body: string): void {
    if (this.#answered === null) this.failure.fail(new Error(`a message was not stored: ${body}`));
    else this.#answered(body);
    this.#answered = null;
  }

  /** Keeps the window full for so long, waits for what is outstanding, and answers when the last one came. */
  async #phase(seconds: number): Promise<number> {
    this.#deadline = performance.now() + seconds * 1000;
    await new Promise<void>((resolve) => {
      this.#finished = resolve;
      this.#fill();
    });
    const finishedAt = performance.now();
    this.#verify();
    return finishedAt;
  }

  #fill(): void {
    const room = this.#load.window - (this.#sent - this.#reader!.acks);
    if (room === 0) return;
    this.#sentAt = performance.now();
    this.#frames.write(this.#link!, this.#sent, room);
    this.#sent += room;
  }

  #afterRead(): void {
    if (this.#finished === null) return;
    const now = performance.now();
    if (this.#reader!.acks === this.#sent) this.#latencies?.add(now - this.#sentAt);
    if (now < this.#deadline) this.#fill();
    else if (this.#reader!.acks === this.#sent) {
      this.#finished();
      this.#finished = null;
    }
  }

  #verify(): void {
    const { acks, last } = this.#reader!;
    if (acks !== this.#sent) throw new Error(`${this.#sent} messages were sent, and ${acks} acknowledged`);
    const { seq } = JSON.parse(last) as { seq: number };
    if (seq !== acks) throw new Error(`the last of ${acks} messages was acknowledged with the sequence ${seq}`);
  }
}

/** Every message as it is sent, one after the other, all of one size: as many as the window, or as there are subjects. */
class Frames {
  readonly #bytes: Buffer;
  readonly #frameBytes: number;
  readonly #count: number;

  constructor(load: StoreLoad) {
    const payload = `${payloadOf(load.payloadBytes)}\r\n`;
    const frame = (index: number) => `PUB ${subjectAt(load, index)} ${ACKS} ${load.payloadBytes}\r\n${payload}`;
    this.#count = Math.ceil(load.window / load.subjects) * load.subjects;
    this.#frameBytes = frame(0).length;
    this.#bytes = Buffer.from(Array.from({ length: this.#count }, (_, index) => frame(index)).join(''), 'latin1');
  }

  write(link: Link, from: number, count: number): void {
    const first = from % this.#count;
    const now = Math.min(count, this.#count - first);
    link.write(this.#bytes.subarray(first * this.#frameBytes, (first + now) * this.#frameBytes));
    if (now < count) this.write(link, 0, count - now);
  }
}
