/**
 * The client protocol, read by index over the bytes as they came.
 *
 * A parser keeps nothing between calls: `parse` handles every complete frame and answers where the first incomplete
 * one begins, and the caller presents it again with what follows. So where the network splits the bytes cannot change
 * what they mean. A publish is left as positions in a frame object; nothing is allocated for it.
 */
import { matchVerb, Verb } from './verbs.ts';

/** Where the parts of a publish lie in `bytes`. Meanings as in the kernel's `Message`. */
export interface PublishFrame {
  bytes: Buffer;
  subjectBytes: Buffer;
  subjectStart: number;
  subjectEnd: number;
  replyBytes: Buffer;
  replyStart: number;
  replyEnd: number;
  sizesStart: number;
  sizesEnd: number;
  headerStart: number;
  headerLength: number;
  bodyStart: number;
  bodyEnd: number;
  isCanonical: boolean;
}

export type ParseFailure = 'unknown-operation' | 'malformed' | 'line-too-long' | 'payload-too-large';

export interface ClientHandler {
  /** Parsing stops after the current frame when this is true. */
  isHalted: boolean;
  /** Nothing but CONNECT is welcome yet; `beforeConnect` is told of anything else. */
  awaitsConnect: boolean;
  readonly lineMax: number;
  /** Negative for no limit. */
  readonly payloadMax: number;
  readonly takesHeaders: boolean;
  /** The subject of the publish before this one, kept by the parser. */
  memo: Uint8Array;
  memoLength: number;

  /** Something else came before CONNECT. The handler halts or fails, and the frame is presented again if it goes on. */
  beforeConnect(): void;
  /** `repeats`: same subject as the publish before. */
  publish(repeats: boolean): void;
  connect(json: string): void;
  subscribe(subject: string, queue: string, sid: string): void;
  /** `max` is 0 where none was given or it makes no sense. */
  unsubscribe(sid: string, max: number): void;
  ping(): void;
  pong(): void;
  info(json: string): void;
  /** The client reported an error of ours. */
  remoteError(text: string): void;
  fail(failure: ParseFailure): void;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const SIZE_DIGITS_MAX = 9;
const MEMO_MAX = 256;
const ARGUMENTS_MAX = 5;
const INCOMPLETE = -1;
const FAILED = -2;
const FOLDED = -3;

export class ClientParser {
  /** How long the incomplete frame will be, once its control line told; otherwise 0. */
  needed = 0;
  private readonly frame: PublishFrame;
  /** Where the last frame begins that was not spelled as usual, or that failed; and what was presented with it. */
  readonly place = { start: 0, end: 0, readStart: 0 };
  /** Where a line that is being ignored goes on. */
  private foldedAt = 0;
  private readonly starts = new Int32Array(ARGUMENTS_MAX);
  private readonly ends = new Int32Array(ARGUMENTS_MAX);

  constructor(frame: PublishFrame) {
    this.frame = frame;
  }

  /** Handles all complete frames in [start, end). Answers the position of the first byte it did not use. */
  parse(bytes: Buffer, start: number, end: number, handler: ClientHandler): number {
    this.needed = 0;
    this.place.readStart = start;
    const frame = this.frame;
    frame.bytes = bytes;
    frame.subjectBytes = bytes;
    frame.replyBytes = bytes;
    let at = start;
    while (at < end && !handler.isHalted) {
      const isPlainPublish =
        bytes[at] === 80 && bytes[at + 1] === 85 && bytes[at + 2] === 66 && bytes[at + 3] === SPACE && at + 4 < end;
      let next = isPlainPublish && !handler.awaitsConnect ? this.plainPublish(bytes, at, end, handler) : 0;
      if (next === 0) next = this.anyFrame(bytes, at, end, handler);
      if (next === INCOMPLETE) return at;
      if (next === FOLDED) return this.foldedAt;
      if (next === FAILED) return end;
      at = next;
    }
    return at;
  }

  /** `PUB subject [reply] size` in its usual spelling. 0 when it is spelled otherwise. */
  private plainPublish(bytes: Buffer, at: number, end: number, handler: ClientHandler): number {
    const subjectStart = at + 4;
    const memoEnd = subjectStart + handler.memoLength;
    const isLongEnough = memoEnd > subjectStart && memoEnd < end && bytes[memoEnd] === SPACE;
    const repeats = isLongEnough && repeatsMemo(handler, bytes, subjectStart, memoEnd);
    let cursor = repeats ? memoEnd : subjectStart;
    if (!repeats) {
      while (cursor < end && bytes[cursor] > SPACE) cursor++;
      if (cursor === subjectStart || cursor >= end || bytes[cursor] !== SPACE) return 0;
    }
    const frame = this.frame;
    const subjectEnd = cursor;
    const replyStart = cursor + 1;
    let replyEnd = replyStart;
    let sizeStart = replyStart;
    let size = 0;
    for (cursor = replyStart; cursor < end && isDigit(bytes[cursor]); cursor++) size = size * 10 + bytes[cursor] - ZERO;
    if (cursor < end && bytes[cursor] !== CR) {
      while (cursor < end && bytes[cursor] > SPACE) cursor++;
      if (cursor >= end || bytes[cursor] !== SPACE || cursor === replyStart) return 0;
      replyEnd = cursor;
      sizeStart = cursor + 1;
      size = 0;
      for (cursor = sizeStart; cursor < end && isDigit(bytes[cursor]); cursor++)
        size = size * 10 + bytes[cursor] - ZERO;
    }
    const digits = cursor - sizeStart;
    if (cursor + 1 >= end || bytes[cursor] !== CR || bytes[cursor + 1] !== LF) return 0;
    if (digits === 0 || digits > SIZE_DIGITS_MAX || cursor - subjectStart > handler.lineMax) return 0;
    if (size > handler.payloadMax && handler.payloadMax >= 0) {
      frame.headerLength = 0;
      frame.bodyStart = cursor + 2;
      frame.bodyEnd = cursor + 2 + size;
      this.standAt(at, end);
      return this.failed(handler, 'payload-too-large');
    }
    const bodyEnd = cursor + 2 + size;
    if (bodyEnd + 2 > end) {
      this.needed = bodyEnd + 2 - at;
      return INCOMPLETE;
    }
    if (bytes[bodyEnd] !== CR || bytes[bodyEnd + 1] !== LF) {
      this.standAt(at, end);
      return this.failed(handler, 'unknown-operation');
    }
    frame.subjectStart = subjectStart;
    frame.subjectEnd = subjectEnd;
    frame.replyStart = replyStart;
    frame.replyEnd = replyEnd;
    frame.sizesStart = sizeStart;
    frame.sizesEnd = cursor;
    frame.headerStart = cursor + 2;
    frame.headerLength = 0;
    frame.bodyStart = cursor + 2;
    frame.bodyEnd = bodyEnd;
    frame.isCanonical = true;
    if (!repeats) remember(handler, bytes, subjectStart, subjectEnd);
    handler.publish(repeats);
    return bodyEnd + 2;
  }

  private anyFrame(bytes: Buffer, at: number, end: number, handler: ClientHandler): number {
    this.standAt(at, end);
    if (handler.awaitsConnect && (bytes[at] | 32) !== 99) {
      handler.beforeConnect();
      return INCOMPLETE;
    }
    const verb = matchVerb(bytes, at, end);
    if (verb === Verb.incomplete) return INCOMPLETE;
    if (verb === Verb.unknown) return this.failed(handler, 'unknown-operation');
    const verbEnd = at + Verb.length[verb];
    if (Verb.takesNoArgument(verb)) return this.bareLine(verb, bytes, verbEnd, end, handler);
    let argument = verbEnd;
    while (argument < end && isBlank(bytes[argument])) argument++;
    if (argument === verbEnd && Verb.wantsBlank(verb)) {
      return verbEnd < end ? this.failed(handler, 'unknown-operation') : INCOMPLETE;
    }
    const lineEnd = findLineEnd(bytes, argument, end, handler.lineMax);
    if (lineEnd === end) return this.waitForLine(bytes, argument, end, handler);
    const argumentEnd = lineEnd > argument && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (argumentEnd - argument > handler.lineMax) return this.failed(handler, 'line-too-long');
    if (verb === Verb.pub || verb === Verb.hpub) {
      return this.publishLine(verb, bytes, at, argument, argumentEnd, lineEnd, end, handler);
    }
    const isGood = this.controlLine(verb, bytes, argument, argumentEnd, handler);
    return isGood ? lineEnd + 1 : FAILED;
  }

  private waitForLine(bytes: Buffer, argument: number, end: number, handler: ClientHandler): number {
    const pendingCr = end > argument && bytes[end - 1] === CR ? 1 : 0;
    return end - argument - pendingCr > handler.lineMax ? this.failed(handler, 'line-too-long') : INCOMPLETE;
  }

  /** PING, PONG and +OK: whatever stands behind them up to the line's end is ignored, however long it is. */
  private bareLine(verb: number, bytes: Buffer, from: number, end: number, handler: ClientHandler): number {
    const lineEnd = findLineEnd(bytes, from, end, end - from);
    if (lineEnd === end) return end - from > handler.lineMax ? this.fold(verb, bytes, from, end) : INCOMPLETE;
    if (verb === Verb.ping) handler.ping();
    else if (verb === Verb.pong) handler.pong();
    return lineEnd + 1;
  }

  /** Forgets what is to be ignored: the verb moves to the end, as if the line had only begun. */
  private fold(verb: number, bytes: Buffer, from: number, end: number): number {
    const length = Verb.length[verb];
    bytes.copyWithin(end - length, from - length, from);
    this.foldedAt = end - length;
    return FOLDED;
  }

  private controlLine(verb: number, bytes: Buffer, start: number, end: number, handler: ClientHandler): boolean {
    switch (verb) {
      case Verb.connect:
        handler.connect(utf8(bytes, start, end));
        return true;
      case Verb.info:
        handler.info(utf8(bytes, start, end));
        return true;
      case Verb.err:
        handler.remoteError(utf8(bytes, start, end));
        return true;
      case Verb.sub:
        return this.subscribeLine(bytes, start, end, handler);
      default:
        return this.unsubscribeLine(bytes, start, end, handler);
    }
  }

  private subscribeLine(bytes: Buffer, start: number, end: number, handler: ClientHandler): boolean {
    const count = this.splitArguments(bytes, start, end);
    if (count !== 2 && count !== 3) return this.refused(handler, 'malformed');
    const queue = count === 3 ? this.argument(bytes, 1) : '';
    handler.subscribe(this.argument(bytes, 0), queue, this.argument(bytes, count - 1));
    return true;
  }

  private unsubscribeLine(bytes: Buffer, start: number, end: number, handler: ClientHandler): boolean {
    const count = this.splitArguments(bytes, start, end);
    if (count !== 1 && count !== 2) return this.refused(handler, 'malformed');
    const max = count === 2 ? readSize(bytes, this.starts[1], this.ends[1]) : 0;
    handler.unsubscribe(this.argument(bytes, 0), Math.max(0, max));
    return true;
  }

  private publishLine(
    verb: number,
    bytes: Buffer,
    at: number,
    start: number,
    argumentEnd: number,
    lineEnd: number,
    end: number,
    handler: ClientHandler,
  ): number {
    const sizes = verb === Verb.hpub ? 2 : 1;
    const count = this.splitArguments(bytes, start, argumentEnd);
    if (count < sizes + 1 || count > sizes + 2) return this.failed(handler, 'malformed');
    if (sizes === 2 && !handler.takesHeaders) return this.failed(handler, 'malformed');
    const total = readSize(bytes, this.starts[count - 1], this.ends[count - 1]);
    const header = sizes === 2 ? readSize(bytes, this.starts[count - 2], this.ends[count - 2]) : 0;
    if (total < 0 || header < 0 || header > total) return this.failed(handler, 'malformed');
    const bodyEnd = lineEnd + 1 + total;
    if (total > handler.payloadMax && handler.payloadMax >= 0) {
      // As much of the header as has come is shown: it may say who wants to know about the refusal.
      this.fillFrame(count, sizes, Math.min(header, end - lineEnd - 1), lineEnd, bodyEnd);
      return this.failed(handler, 'payload-too-large');
    }
    if (bodyEnd + 2 > end) {
      this.needed = bodyEnd + 2 - at;
      return INCOMPLETE;
    }
    if (bytes[bodyEnd] !== CR || bytes[bodyEnd + 1] !== LF) return this.failed(handler, 'unknown-operation');
    this.fillFrame(count, sizes, header, lineEnd, bodyEnd);
    // A header length of 0 stands in the sizes of an HPUB, but such a message is delivered without one.
    if (sizes === 2 && header === 0) this.frame.sizesStart = this.starts[count - 1];
    const isUsual = argumentEnd === lineEnd - 1 && (sizes === 1 || header === 0 || this.isOneSpace(bytes, count - 2));
    this.frame.isCanonical = isUsual && this.ends[count - 1] === argumentEnd;
    const repeats = repeatsMemo(handler, bytes, this.starts[0], this.ends[0]);
    if (!repeats) remember(handler, bytes, this.starts[0], this.ends[0]);
    handler.publish(repeats);
    return bodyEnd + 2;
  }

  private fillFrame(count: number, sizes: number, header: number, lineEnd: number, bodyEnd: number): void {
    const frame = this.frame;
    const hasReply = count === sizes + 2;
    frame.subjectStart = this.starts[0];
    frame.subjectEnd = this.ends[0];
    frame.replyStart = hasReply ? this.starts[1] : 0;
    frame.replyEnd = hasReply ? this.ends[1] : 0;
    frame.sizesStart = this.starts[count - sizes];
    frame.sizesEnd = this.ends[count - 1];
    frame.headerStart = lineEnd + 1;
    frame.headerLength = header;
    frame.bodyStart = lineEnd + 1 + header;
    frame.bodyEnd = bodyEnd;
  }

  /** One space, nothing else, between an argument and the next. */
  private isOneSpace(bytes: Buffer, which: number): boolean {
    return this.starts[which + 1] === this.ends[which] + 1 && bytes[this.ends[which]] === SPACE;
  }

  /** How many arguments there are, at most ARGUMENTS_MAX; they are left in `starts` and `ends`. */
  private splitArguments(bytes: Buffer, start: number, end: number): number {
    let count = 0;
    let at = start;
    while (at < end) {
      while (at < end && isBlank(bytes[at])) at++;
      if (at === end) break;
      if (count === ARGUMENTS_MAX) return ARGUMENTS_MAX + 1;
      this.starts[count] = at;
      while (at < end && !isBlank(bytes[at])) at++;
      this.ends[count++] = at;
    }
    return count;
  }

  private standAt(start: number, end: number): void {
    this.place.start = start;
    this.place.end = end;
  }

  private failed(handler: ClientHandler, failure: ParseFailure): typeof FAILED {
    handler.fail(failure);
    return FAILED;
  }

  private refused(handler: ClientHandler, failure: ParseFailure): false {
    handler.fail(failure);
    return false;
  }

  private argument(bytes: Buffer, which: number): string {
    return latin1(bytes, this.starts[which], this.ends[which]);
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** The position of the LF, or `end`. Looks no further than a line of the allowed length reaches. */
function findLineEnd(bytes: Buffer, start: number, end: number, lineMax: number): number {
  const stop = Math.min(end, start + lineMax + 2);
  let at = start;
  while (at < stop && bytes[at] !== LF) at++;
  return at < stop ? at : end;
}

/** A size of 1 to 9 digits, or -1. */
function readSize(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > SIZE_DIGITS_MAX) return -1;
  let size = 0;
  for (let at = start; at < end; at++) {
    if (!isDigit(bytes[at])) return -1;
    size = size * 10 + bytes[at] - ZERO;
  }
  return size;
}

function repeatsMemo(handler: ClientHandler, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length !== handler.memoLength) return false;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== handler.memo[at]) return false;
  return true;
}

function remember(handler: ClientHandler, bytes: Buffer, start: number, end: number): void {
  const length = end - start;
  handler.memoLength = 0;
  if (length > MEMO_MAX) return;
  if (length > handler.memo.length) handler.memo = new Uint8Array(length <= 32 ? 32 : MEMO_MAX);
  const memo = handler.memo;
  for (let at = 0; at < length; at++) memo[at] = bytes[start + at];
  handler.memoLength = length;
}

function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

function utf8(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}
