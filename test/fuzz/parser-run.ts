/** Feeds the parser in pieces, as a connection would, and writes down what it says. */
import {
  type ClientHandler,
  ClientParser,
  type ParseFailure,
  type PublishFrame,
} from '../../protocols/client/parser.ts';
import { type Event, headersAfter, type Rules } from './oracle.ts';

export interface Run {
  events: Event[];
  failure: ParseFailure | null;
  used: number;
}

/** `cuts` are the positions between pieces, ascending. */
export function runParser(text: string, cuts: readonly number[], rules: Rules): Run {
  const run = new ParserRun(rules);
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    run.feed(Buffer.from(text.slice(from, cut), 'latin1'));
    from = cut;
  }
  return { events: run.events, failure: run.failure, used: run.used };
}

const NOTHING = Buffer.alloc(0);
const STRAY = Buffer.from('PING\r\n');

class ParserRun implements ClientHandler {
  readonly events: Event[] = [];
  failure: ParseFailure | null = null;
  used = 0;
  isHalted = false;
  awaitsConnect = false;
  readonly lineMax: number;
  readonly payloadMax: number;
  takesHeaders: boolean;
  memo: Uint8Array = NOTHING;
  memoLength = 0;
  private readonly frame = emptyFrame();
  private readonly parser = new ClientParser(this.frame);
  private held: Buffer = NOTHING;
  private lastSubject: string | null = null;
  private announced = 0;
  private announcedAt = 0;

  constructor(rules: Rules) {
    this.lineMax = rules.lineMax;
    this.payloadMax = rules.payloadMax;
    this.takesHeaders = rules.takesHeaders;
  }

  /** What was held and the new piece lie in the middle of other bytes, which must not be read. */
  feed(piece: Buffer): void {
    if (this.isHalted) return;
    const bytes = Buffer.concat([STRAY, this.held, piece, STRAY]);
    const [start, end] = [STRAY.length, bytes.length - STRAY.length];
    const next = this.parser.parse(bytes, start, end, this);
    if (next < start || next > end) throw new Error(`parse answered ${next}, outside of ${start} to ${end}`);
    if (this.failure !== null) return;
    this.used += next - start;
    this.held = Buffer.from(bytes.subarray(next, end));
    this.checkNeeded();
  }

  beforeConnect(): void {
    throw new Error('asked before CONNECT though nothing awaits one');
  }

  publish(repeats: boolean): void {
    const { bytes, subjectStart, subjectEnd, replyStart, replyEnd, sizesStart, sizesEnd } = this.frame;
    const { headerStart, headerLength, bodyStart, bodyEnd } = this.frame;
    const cut = (from: number, to: number): string => bytes.toString('latin1', from, to);
    const subject = cut(subjectStart, subjectEnd);
    if (repeats && subject !== this.lastSubject) throw new Error(`${subject} is said to repeat ${this.lastSubject}`);
    if (bodyStart !== headerStart + headerLength) throw new Error('the body does not follow the header');
    this.lastSubject = subject;
    const sizes = cut(sizesStart, sizesEnd).replace(/[ \t]+/g, ' ');
    const [header, body] = [cut(headerStart, bodyStart), cut(bodyStart, bodyEnd)];
    this.events.push({ kind: 'publish', subject, reply: cut(replyStart, replyEnd), sizes, header, body });
    if (this.frame.isCanonical) this.checkCanonical(cut(sizesStart, bodyEnd + 2), `${sizes}\r\n${header}${body}\r\n`);
  }

  connect(json: string): void {
    this.takesHeaders = headersAfter(json, this.takesHeaders);
    this.events.push({ kind: 'connect', json });
  }

  subscribe(subject: string, queue: string, sid: string): void {
    this.events.push({ kind: 'subscribe', subject, queue, sid });
  }

  unsubscribe(sid: string, max: number): void {
    this.events.push({ kind: 'unsubscribe', sid, max });
  }

  ping(): void {
    this.events.push({ kind: 'ping' });
  }

  pong(): void {
    this.events.push({ kind: 'pong' });
  }

  info(json: string): void {
    this.events.push({ kind: 'info', json });
  }

  remoteError(json: string): void {
    this.events.push({ kind: 'error', json });
    this.isHalted = true;
  }

  fail(failure: ParseFailure): void {
    if (this.isHalted) throw new Error(`${failure} after the end`);
    this.failure = failure;
    this.isHalted = true;
  }

  private checkCanonical(found: string, wanted: string): void {
    if (found !== wanted) throw new Error(`said to be canonical, but is ${JSON.stringify(found)}`);
  }

  /** A length that was announced for a frame holds until that frame is complete. */
  private checkNeeded(): void {
    const { needed } = this.parser;
    if (needed !== 0 && needed <= this.held.length) throw new Error(`${needed} bytes needed, ${this.held.length} held`);
    const isSameFrame = this.announcedAt === this.used && this.announced !== 0;
    if (isSameFrame && needed !== this.announced)
      throw new Error(`first ${this.announced} bytes needed, then ${needed}`);
    this.announced = needed;
    this.announcedAt = this.used;
  }
}

function emptyFrame(): PublishFrame {
  return {
    bytes: NOTHING,
    subjectBytes: NOTHING,
    subjectStart: 0,
    subjectEnd: 0,
    replyBytes: NOTHING,
    replyStart: 0,
    replyEnd: 0,
    sizesStart: 0,
    sizesEnd: 0,
    headerStart: 0,
    headerLength: 0,
    bodyStart: 0,
    bodyEnd: 0,
    isCanonical: false,
  };
}
