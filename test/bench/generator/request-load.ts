import { performance } from 'node:perf_hooks';
import { Failure } from './failure.ts';
import { FrameCounter } from './frame-counter.ts';
import { FrameReader } from './frame-reader.ts';
import { Latencies } from './latencies.ts';
import { type Link, openLink } from './link.ts';
import type { LoadResult, Order, RequestLoad, Target } from './load.ts';
import { measure } from './measured-span.ts';
import { payloadOf } from './publish-frames.ts';

const SERVICE = 'bench.service';

/** Runs a responder and its clients, and answers only if every request got its reply, and one. */
export async function runRequestLoad(order: Order, load: RequestLoad): Promise<LoadResult> {
  const session = new RequestSession(order.target, load);
  try {
    return await session.failure.orResult(session.run(order));
  } finally {
    session.close();
  }
}

interface Round {
  deadline: number;
  latencies: Latencies | null;
  /** Clients with a request on its way. */
  outstanding: number;
  lastReplyAt: number;
  finished: (() => void) | null;
}

class RequestSession {
  readonly failure = new Failure();
  readonly #target: Target;
  readonly #load: RequestLoad;
  readonly #clients: Client[] = [];
  #responder: Link | null = null;

  constructor(target: Target, load: RequestLoad) {
    this.#target = target;
    this.#load = load;
  }

  async run(order: Order): Promise<LoadResult> {
    await this.#open();
    this.failure.watchForStall(order.phases.stallSeconds, () => `${this.#replies()} requests answered`);
    await this.#round(order.phases.warmupSeconds, null);
    const latencies = new Latencies();
    const span = await measure(this.#target.pid, () => this.#round(order.phases.seconds, latencies));
    for (const client of this.#clients) client.verify();
    const { count } = latencies;
    const latency = latencies.summary();
    return span.result({ published: count, delivered: count, counted: count, messages: count, latency });
  }

  close(): void {
    this.failure.stopWatching();
    this.#responder?.close();
    for (const client of this.#clients) client.close();
  }

  async #open(): Promise<void> {
    const onFailure = (error: Error): void => this.failure.fail(error);
    this.#responder = await openResponder(this.#target, this.#load, onFailure);
    for (let index = 0; index < this.#load.clients; index++) {
      this.#clients.push(await openClient(this.#target, index, this.#load.payloadBytes, onFailure));
    }
  }

  #replies(): number {
    return this.#clients.reduce((sum, client) => sum + client.replies, 0);
  }

  async #round(seconds: number, latencies: Latencies | null): Promise<number> {
    const deadline = performance.now() + seconds * 1000;
    const round: Round = { deadline, latencies, outstanding: 0, lastReplyAt: 0, finished: null };
    await new Promise<void>((resolve) => {
      round.finished = resolve;
      for (const client of this.#clients) client.start(round);
    });
    return round.lastReplyAt;
  }
}

async function openResponder(target: Target, load: RequestLoad, onFailure: (error: Error) => void): Promise<Link> {
  const payload = payloadOf(load.payloadBytes);
  const replies = Array.from({ length: load.clients }, (_, index) => publish(inbox(index), payload));
  const header = `MSG ${SERVICE} 1 `;
  const frameBytes = `${header}${inbox(0)} ${payload.length}\r\n${payload}\r\n`.length;
  // Everything that one read brought is answered in one write.
  let batch = '';
  const onFrame = (buffer: Buffer, offset: number): void => {
    batch += replies[indexOfInbox(buffer, offset + header.length)]!;
  };
  const link = await openLink({
    ...target,
    onFailure,
    intake: (onLine) => new FrameReader(frameBytes, onFrame, onLine),
  });
  link.afterRead = () => {
    if (batch !== '') link.write(batch);
    batch = '';
  };
  await link.sendAndAwaitPong(`SUB ${SERVICE} 1\r\nPING\r\n`);
  return link;
}

async function openClient(
  target: Target,
  index: number,
  payloadBytes: number,
  onFailure: (error: Error) => void,
): Promise<Client> {
  const payload = payloadOf(payloadBytes);
  const reply = Buffer.from(`MSG ${inbox(index)} 1 ${payload.length}\r\n${payload}\r\n`, 'latin1');
  let counter: FrameCounter | null = null;
  const link = await openLink({
    ...target,
    onFailure,
    intake: (onLine) => {
      counter = new FrameCounter(reply.length, onLine);
      return counter;
    },
  });
  await link.sendAndAwaitPong(`SUB ${inbox(index)} 1\r\nPING\r\n`);
  return new Client(link, counter!, publish(`${SERVICE} ${inbox(index)}`, payload), reply);
}

class Client {
  readonly #link: Link;
  readonly #counter: FrameCounter;
  readonly #request: string;
  readonly #reply: Buffer;
  #requests = 0;
  #sentAt = 0;
  #round: Round | null = null;

  constructor(link: Link, counter: FrameCounter, request: string, reply: Buffer) {
    this.#link = link;
    this.#counter = counter;
    this.#request = request;
    this.#reply = reply;
    link.afterRead = () => this.#afterRead();
  }

  get replies(): number {
    return this.#counter.frames;
  }

  start(round: Round): void {
    this.#round = round;
    round.outstanding += 1;
    this.#send();
  }

  verify(): void {
    const { frames, isBetweenFrames, first, last } = this.#counter;
    if (frames !== this.#requests || !isBetweenFrames) {
      throw new Error(`a client sent ${this.#requests} requests and got ${frames} replies`);
    }
    if (!first.equals(this.#reply) || !last.equals(this.#reply)) throw new Error('a reply arrived with other bytes');
  }

  close(): void {
    this.#link.close();
  }

  #send(): void {
    this.#requests += 1;
    this.#sentAt = performance.now();
    this.#link.write(this.#request);
  }

  #afterRead(): void {
    const round = this.#round;
    if (round === null || this.#counter.frames < this.#requests) return;
    const now = performance.now();
    round.latencies?.add(now - this.#sentAt);
    if (now < round.deadline) this.#send();
    else this.#finish(round, now);
  }

  #finish(round: Round, now: number): void {
    this.#round = null;
    round.lastReplyAt = now;
    round.outstanding -= 1;
    if (round.outstanding === 0) round.finished?.();
  }
}

function publish(subjects: string, payload: string): string {
  return `PUB ${subjects} ${payload.length}\r\n${payload}\r\n`;
}

const INBOX_PREFIX = '_INBOX.';
const INBOX_DIGITS = 6;

function inbox(index: number): string {
  return `${INBOX_PREFIX}${String(index).padStart(INBOX_DIGITS, '0')}`;
}

function indexOfInbox(buffer: Buffer, offset: number): number {
  let index = 0;
  const start = offset + INBOX_PREFIX.length;
  for (let at = start; at < start + INBOX_DIGITS; at++) index = index * 10 + buffer[at]! - 0x30;
  return index;
}
