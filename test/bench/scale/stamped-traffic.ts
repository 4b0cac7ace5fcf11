import { performance } from 'node:perf_hooks';
import { FrameReader } from '../generator/frame-reader.ts';
import { Latencies } from '../generator/latencies.ts';
import { type Link, openLink } from '../generator/link.ts';
import { payloadOf } from '../generator/publish-frames.ts';
import { type Address, openPlain } from './many-links.ts';

/** The sending time in microseconds, at the head of the payload. */
const STAMP_DIGITS = 16;

export interface TrafficOptions {
  subject: string;
  payloadBytes: number;
  subscribers: number;
  everyMs: number;
  /** Hold the next message back until the server has handled the one before. */
  isPatient: boolean;
}

/** Messages at a steady pace that carry their sending time, and subscribers that read it. */
export class StampedTraffic {
  published = 0;
  readonly #options: TrafficOptions;
  readonly #links: Link[] = [];
  readonly #onFailure: (error: Error) => void;
  #publisher: Link | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isWaiting = false;
  #latencies = new Latencies();

  constructor(options: TrafficOptions, onFailure: (error: Error) => void) {
    this.#options = options;
    this.#onFailure = onFailure;
  }

  async open(address: Address): Promise<void> {
    this.#publisher = await openPlain(address, this.#onFailure);
    for (let count = 0; count < this.#options.subscribers; count++) await this.#openSubscriber(address);
  }

  /** Begins to send, and to count latencies anew. */
  start(): void {
    this.#latencies = new Latencies();
    this.#timer = setInterval(() => this.#publish(), this.#options.everyMs);
  }

  /** Ends sending; answers when all that was sent has arrived. */
  async stop(): Promise<Latencies> {
    if (this.#timer !== null) clearInterval(this.#timer);
    // A link that broke was told of when it did; what the others got counts all the same.
    await Promise.allSettled([this.#publisher!.ping()]);
    await Promise.allSettled(this.#links.map((link) => link.ping()));
    return this.#latencies;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#publisher?.close();
    for (const link of this.#links) link.close();
  }

  async #openSubscriber(address: Address): Promise<void> {
    const { subject, payloadBytes } = this.#options;
    const header = `MSG ${subject} 1 ${payloadBytes}\r\n`;
    const frameBytes = header.length + payloadBytes + 2;
    const onFrame = (buffer: Buffer, offset: number): void => this.#arrived(buffer, offset + header.length);
    const intake = (onLine: (line: string) => void): FrameReader => new FrameReader(frameBytes, onFrame, onLine);
    const link = await openLink({ ...address, onFailure: this.#onFailure, intake });
    await link.sendAndAwaitPong(`SUB ${subject} 1\r\nPING\r\n`);
    this.#links.push(link);
  }

  #publish(): void {
    if (this.#isWaiting) return;
    const { subject, payloadBytes } = this.#options;
    this.published += 1;
    const filling = payloadOf(payloadBytes - STAMP_DIGITS);
    this.#publisher!.write(`PUB ${subject} ${payloadBytes}\r\n${stamp()}${filling}\r\n`);
    if (this.#options.isPatient) this.#awaitHandled();
  }

  #awaitHandled(): void {
    this.#isWaiting = true;
    this.#publisher!.ping().then(
      () => {
        this.#isWaiting = false;
      },
      // The link has told of its failure already.
      () => {},
    );
  }

  #arrived(buffer: Buffer, offset: number): void {
    const sentMicros = Number(buffer.toString('latin1', offset, offset + STAMP_DIGITS));
    this.#latencies.add(performance.now() - sentMicros / 1000);
  }
}

function stamp(): string {
  return String(Math.round(performance.now() * 1000)).padStart(STAMP_DIGITS, '0');
}
