/**
 * What servers say to each other, read by index over the bytes as they came: one grammar, of which each kind of line has
 * a dialect.
 *
 * As with clients, nothing is kept between calls: `parse` handles every complete frame and answers where the first
 * incomplete one begins. A message is left as positions in a frame object; nothing is allocated for it.
 */
import { type Dialect, isUsualMessage, LinkVerb, matchVerb } from './dialect.ts';

/** Where the parts of a message lie in `bytes`. Meanings as in the kernel's `Message`. */
export interface LinkFrame {
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

export type LinkFailure = 'unknown-operation' | 'malformed' | 'line-too-long' | 'payload-too-large';

export interface LinkHandler {
  /** Parsing stops after the current frame when this is true. */
  readonly isHalted: boolean;
  /** Frames name the account they are about. False where the whole connection is for one. */
  readonly namesAccounts: boolean;
  /** Taking back interest of a leaf's cluster names that cluster. */
  readonly namesOrigins: boolean;
  readonly lineMax: number;
  /** Header and body together; negative for no limit. */
  readonly payloadMax: number;

  /** A message is in the frame; the account, origin and groups lie where the parser says. */
  message(): void;
  /** `origin` is empty for interest of the server's own; the account lies where the parser says. A plain one has no queue and weight 1. */
  subscribe(origin: string, subject: string, queue: string, weight: number): void;
  unsubscribe(origin: string, subject: string, queue: string): void;
  connect(json: string): void;
  info(json: string): void;
  ping(): void;
  pong(): void;
  /** The other side reported an error of ours. */
  remoteError(text: string): void;
  fail(failure: LinkFailure): void;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const PLUS = 43;
const ZERO = 48;
const BAR = 124;
const SIZE_DIGITS_MAX = 9;
const ARGUMENTS = 64;
const INCOMPLETE = -1;
const FAILED = -2;

export class LinkParser {
  /** How long the incomplete frame will be, once its line told; otherwise 0. */
  needed = 0;
  /** Where the account, the origin and the list of groups lie in the frame's bytes; empty ranges for what is not there. */
  accountStart = 0;
  accountEnd = 0;
  originStart = 0;
  originEnd = 0;
  groupsStart = 0;
  groupsEnd = 0;
  private readonly dialect: Dialect;
  private readonly frame: LinkFrame;
  private starts = new Int32Array(ARGUMENTS);
  private ends = new Int32Array(ARGUMENTS);

  constructor(dialect: Dialect, frame: LinkFrame) {
    this.dialect = dialect;
    this.frame = frame;
  }

  /** Handles all complete frames in [start, end). Answers the position of the first byte it did not use. */
  parse(bytes: Buffer, start: number, end: number, handler: LinkHandler): number {
    this.needed = 0;
    const frame = this.frame;
    frame.bytes = bytes;
    frame.subjectBytes = bytes;
    frame.replyBytes = bytes;
    let at = start;
    while (at < end && !handler.isHalted) {
      const next = this.anyFrame(bytes, at, end, handler);
      if (next === INCOMPLETE) return at;
      if (next === FAILED) return end;
      at = next;
    }
    return at;
  }

  private anyFrame(bytes: Buffer, at: number, end: number, handler: LinkHandler): number {
    const { dialect } = this;
    const verb = isUsualMessage(dialect, bytes, at, end) ? LinkVerb.message : matchVerb(dialect, bytes, at, end);
    if (verb === LinkVerb.incomplete) return INCOMPLETE;
    if (verb === LinkVerb.unknown) return failed(handler, 'unknown-operation');
    const from = at + dialect.lengths[verb]!;
    const count = this.splitLine(bytes, from, end);
    if (count < 0) return this.waitForLine(from, end, handler);
    const { lineEnd } = this;
    if (lineEnd - from > handler.lineMax + 2) return failed(handler, 'line-too-long');
    if (verb >= LinkVerb.message) return this.messageFrame(verb, bytes, at, end, count, handler);
    const isGood = this.controlLine(verb, bytes, from, count, handler);
    return isGood ? lineEnd + 1 : failed(handler, 'malformed');
  }

  private waitForLine(from: number, end: number, handler: LinkHandler): number {
    return end - from > handler.lineMax + 2 ? failed(handler, 'line-too-long') : INCOMPLETE;
  }

  /** Where the LF of the line stands that was split last. */
  private lineEnd = 0;

  /** How many arguments the line has, or -1 when its end is not there. */
  private splitLine(bytes: Buffer, from: number, end: number): number {
    let { starts, ends } = this;
    let count = 0;
    let at = from;
    for (;;) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CR)) at++;
      if (at >= end) return -1;
      if (bytes[at] === LF) break;
      if (count === starts.length) {
        this.growArguments();
        ({ starts, ends } = this);
      }
      starts[count] = at;
      while (at < end && bytes[at]! > SPACE) at++;
      ends[count++] = at;
      // Anything else below a space is part of a word, as far as anybody cares.
      while (at < end && !isBreak(bytes[at]!)) at++;
      ends[count - 1] = at;
    }
    this.lineEnd = at;
    return count;
  }

  private growArguments(): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Int32Array(starts.length * 4);
    this.ends = new Int32Array(ends.length * 4);
    this.starts.set(starts);
    this.ends.set(ends);
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  private messageFrame(
    verb: number,
    bytes: Buffer,
    at: number,
    end: number,
    count: number,
    handler: LinkHandler,
  ): number {
    const sizes = verb === LinkVerb.message ? 1 : 2;
    const subject = this.takeAddress(verb === LinkVerb.leafMessage, handler);
    if (count < subject + 1 + sizes) return failed(handler, 'malformed');
    const total = this.size(bytes, count - 1);
    const header = sizes === 2 ? this.size(bytes, count - 2) : 0;
    if (total < 0 || header < 0 || header > total) return failed(handler, 'malformed');
    if (handler.payloadMax >= 0 && total > handler.payloadMax) return failed(handler, 'payload-too-large');
    if (!this.takeReply(bytes, subject, count - sizes)) return failed(handler, 'malformed');
    const bodyEnd = this.lineEnd + 1 + total;
    if (bodyEnd + 2 > end) {
      this.needed = bodyEnd + 2 - at;
      return INCOMPLETE;
    }
    if (bytes[bodyEnd] !== CR || bytes[bodyEnd + 1] !== LF) return failed(handler, 'malformed');
    this.fillFrame(bytes, subject, count, sizes, header, bodyEnd);
    handler.message();
    return bodyEnd + 2;
  }

  /** Notes origin and account. Answers which argument is the subject. */
  private takeAddress(hasOrigin: boolean, { namesAccounts }: LinkHandler): number {
    const { starts, ends } = this;
    let next = 0;
    this.originStart = 0;
    this.originEnd = 0;
    if (hasOrigin) {
      this.originStart = starts[next]!;
      this.originEnd = ends[next++]!;
    }
    this.accountStart = 0;
    this.accountEnd = 0;
    if (namesAccounts) {
      this.accountStart = starts[next]!;
      this.accountEnd = ends[next++]!;
    }
    return next;
  }

  /** Between the subject and the sizes: nothing, a reply, or groups with or without one. False when it is something else. */
  private takeReply(bytes: Buffer, subject: number, sizesAt: number): boolean {
    const { frame, starts, ends } = this;
    const between = sizesAt - subject - 1;
    frame.replyStart = 0;
    frame.replyEnd = 0;
    this.groupsStart = 0;
    this.groupsEnd = 0;
    if (between === 0) return true;
    let next = subject + 1;
    if (between > 1) {
      const indicator = bytes[starts[next]!];
      if (ends[next]! - starts[next]! !== 1 || (indicator !== PLUS && indicator !== BAR)) return false;
      next++;
      if (indicator === BAR) return this.takeGroups(next, sizesAt);
    }
    frame.replyStart = starts[next]!;
    frame.replyEnd = ends[next]!;
    return this.takeGroups(next + 1, sizesAt);
  }

  private takeGroups(from: number, to: number): true {
    if (from === to) return true;
    this.groupsStart = this.starts[from]!;
    this.groupsEnd = this.ends[to - 1]!;
    return true;
  }

  private fillFrame(
    bytes: Buffer,
    subject: number,
    count: number,
    sizes: number,
    header: number,
    bodyEnd: number,
  ): void {
    const { frame, starts, ends, lineEnd } = this;
    // A header of length 0 stands in the sizes, but such a message goes on without one.
    const shown = header === 0 ? 1 : sizes;
    frame.subjectStart = starts[subject]!;
    frame.subjectEnd = ends[subject]!;
    frame.sizesStart = starts[count - shown]!;
    frame.sizesEnd = ends[count - 1]!;
    frame.headerStart = lineEnd + 1;
    frame.headerLength = header;
    frame.bodyStart = lineEnd + 1 + header;
    frame.bodyEnd = bodyEnd;
    const isOneRun = shown === 1 || (starts[count - 1] === ends[count - 2]! + 1 && bytes[ends[count - 2]!] === SPACE);
    frame.isCanonical = isOneRun && ends[count - 1] === lineEnd - 1 && bytes[lineEnd - 1] === CR;
  }

  // --- everything else ---------------------------------------------------------------------------------------------

  private controlLine(verb: number, bytes: Buffer, from: number, count: number, handler: LinkHandler): boolean {
    switch (verb) {
      case LinkVerb.connect:
        handler.connect(this.rest(bytes, from));
        return true;
      case LinkVerb.info:
        handler.info(this.rest(bytes, from));
        return true;
      case LinkVerb.err:
        handler.remoteError(this.rest(bytes, from));
        return true;
      case LinkVerb.ping:
        handler.ping();
        return true;
      case LinkVerb.pong:
        handler.pong();
        return true;
      case LinkVerb.subscribe:
      case LinkVerb.leafSubscribe:
        return this.subscribeLine(verb === LinkVerb.leafSubscribe, bytes, count, handler);
      case LinkVerb.unsubscribe:
      case LinkVerb.leafUnsubscribe:
        return this.unsubscribeLine(verb === LinkVerb.leafUnsubscribe, bytes, count, handler);
      default:
        return true;
    }
  }

  private subscribeLine(isOfLeaf: boolean, bytes: Buffer, count: number, handler: LinkHandler): boolean {
    const subject = this.takeAddress(isOfLeaf, handler);
    const more = count - subject - 1;
    if (more !== 0 && more !== 2) return false;
    const weight = more === 2 ? this.size(bytes, subject + 2) : 1;
    if (weight < 0) return false;
    const origin = this.originOf(bytes);
    handler.subscribe(
      origin,
      this.argument(bytes, subject),
      more === 2 ? this.argument(bytes, subject + 1) : '',
      weight,
    );
    return true;
  }

  private unsubscribeLine(isOfLeaf: boolean, bytes: Buffer, count: number, handler: LinkHandler): boolean {
    const namesOrigin = isOfLeaf && handler.namesOrigins;
    const subject = this.takeAddress(namesOrigin, handler);
    const more = count - subject - 1;
    if (more !== 0 && more !== 1) return false;
    const origin = isOfLeaf && !namesOrigin ? ANY_ORIGIN : this.originOf(bytes);
    handler.unsubscribe(origin, this.argument(bytes, subject), more === 1 ? this.argument(bytes, subject + 1) : '');
    return true;
  }

  private originOf(bytes: Buffer): string {
    return bytes.toString('latin1', this.originStart, this.originEnd);
  }

  private argument(bytes: Buffer, which: number): string {
    return bytes.toString('latin1', this.starts[which], this.ends[which]);
  }

  /** What stands behind the verb, without the blanks around it. */
  private rest(bytes: Buffer, from: number): string {
    return bytes.toString('utf8', from, this.lineEnd).trim();
  }

  /** A number of 1 to 9 digits, or -1. */
  private size(bytes: Buffer, which: number): number {
    const start = this.starts[which]!;
    const end = this.ends[which]!;
    if (end === start || end - start > SIZE_DIGITS_MAX) return -1;
    let size = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return -1;
      size = size * 10 + digit;
    }
    return size;
  }
}

/** Interest of a leaf's cluster is taken back by a server that does not say of which. */
export const ANY_ORIGIN = '*';

function isBreak(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === TAB || byte === CR;
}

function failed(handler: LinkHandler, failure: LinkFailure): typeof FAILED {
  handler.fail(failure);
  return FAILED;
}
