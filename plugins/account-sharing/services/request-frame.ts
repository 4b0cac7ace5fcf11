/**
 * A request as the service sees it: under the service's subject, with a reply of the exporter's own, and with a header
 * field that says who asks. The bytes are laid out as if they had come over a wire.
 */
import { Message } from '../../../kernel/plugin-api.ts';
import { REQUEST_INFO, type RequesterInfo, VERSION } from './requester-info.ts';

const CRLF = '\r\n';
const FIRST_CAPACITY = 512;
/** A frame that has carried a large request gives its memory back. */
const KEPT_CAPACITY = 64 * 1024;
const SIZES_ROOM = 32;
const BY_HAND_MAX = 100;
const NO_REPLY = Buffer.alloc(0);
const END = '\r\n\r\n';
const FORGED = new RegExp(`^\\s*${REQUEST_INFO}\\s*:`, 'im');

export class RequestFrame {
  readonly message = new Message();
  private bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);

  fill(request: Message, info: RequesterInfo, subject: Buffer, reply: Buffer | null): Message {
    const { message } = this;
    const header = request.headerLength === 0 ? null : keptHeader(request);
    const headerLength = header === null ? info.header.length : header.length + info.line.length + CRLF.length;
    const bodyLength = request.bodyEnd - request.bodyStart;
    const bytes = this.roomFor(SIZES_ROOM + headerLength + bodyLength + CRLF.length);
    message.bytes = bytes;
    message.subjectBytes = subject;
    message.subjectStart = 0;
    message.subjectEnd = subject.length;
    message.replyBytes = reply ?? NO_REPLY;
    message.replyStart = 0;
    message.replyEnd = message.replyBytes.length;
    message.sizesStart = 0;
    message.sizesEnd = writeSizes(bytes, headerLength, headerLength + bodyLength);
    message.headerStart = endLine(bytes, message.sizesEnd);
    message.headerLength = headerLength;
    let at = message.headerStart;
    if (header === null) at = copy(info.header, 0, info.header.length, bytes, at);
    else {
      at = copy(header, 0, header.length, bytes, at);
      at = endLine(bytes, copy(info.line, 0, info.line.length, bytes, at));
    }
    message.bodyStart = at;
    message.bodyEnd = copy(request.bytes, request.bodyStart, request.bodyEnd, bytes, at);
    endLine(bytes, message.bodyEnd);
    message.isCanonical = true;
    message.origin = request.origin;
    message.queues = null;
    return message;
  }

  /** Nothing of the request is kept. */
  clear(): void {
    this.message.origin = null;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  }

  private roomFor(length: number): Buffer {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.bytes.length));
    return this.bytes;
  }
}

/**
 * The header without its last line end, and without what anybody else said of the requester: however it is spelled, and
 * whatever the publisher did to the line ends.
 */
function keptHeader(request: Message): Buffer {
  const { bytes, headerStart, headerLength } = request;
  const header = bytes.subarray(headerStart, headerStart + headerLength);
  const text = header.toString('latin1');
  if (text.startsWith(VERSION) && text.endsWith(END) && !FORGED.test(text)) return header.subarray(0, -CRLF.length);
  const lines = text.split(/\r\n|\r|\n/).slice(1);
  const kept = lines.filter((line) => line !== '' && !FORGED.test(line));
  return Buffer.from(VERSION + kept.map((line) => line + CRLF).join(''), 'latin1');
}

/** What is short is quicker copied by hand. Answers where to go on. */
function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start > BY_HAND_MAX) return at + source.copy(target, at, start, end);
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}

function endLine(bytes: Buffer, at: number): number {
  bytes[at] = 13;
  bytes[at + 1] = 10;
  return at + 2;
}

function writeSizes(bytes: Buffer, header: number, total: number): number {
  const at = writeNumber(bytes, 0, header);
  bytes[at] = 32;
  return writeNumber(bytes, at + 1, total);
}

function writeNumber(bytes: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.trunc(rest / 10)) digits++;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    bytes[place] = 48 + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
  return at + digits;
}
