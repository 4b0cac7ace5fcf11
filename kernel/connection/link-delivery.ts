/**
 * Writes messages for another server, straight into what is about to be sent:
 *
 *     <head><subject> [<reply> | + <reply> <groups> | '|' <groups>] <sizes>
 *
 * The head is the verb with what stands between it and the subject, a space at its end, prepared once for each line and
 * account. Nothing is allocated for a message in its usual form.
 */
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import type { Connection } from './connection.ts';
import type { Outbound } from './outbound.ts';

const SPACE = 32;
const PLUS = 43;
const BAR = 124;
const ZERO = 48;
const CR = 13;
const LF = 10;
/** Longer runs are copied by the engine. */
const BY_HAND_MAX = 64;

/** How a line wants its messages. */
export interface LinkManner {
  /** In front of a message without a header. */
  readonly plainHead: Uint8Array;
  /** In front of one with a header. Null: the other side takes no headers, so they are left out. */
  readonly headerHead: Uint8Array | null;
  /** The header's length is always told, be it 0. */
  readonly tellsHeaderLength: boolean;
}

/** `members`: those that were chosen, one a group; their groups are named. False when it could not be taken. */
export function writeMessage(
  connection: Connection,
  manner: LinkManner,
  message: Message,
  members: readonly Subscription[],
): boolean {
  const hasHeader = message.headerLength > 0;
  if (!message.isCanonical || (hasHeader && manner.headerHead === null)) {
    return writeRebuilt(connection, manner, message, members);
  }
  const head = hasHeader ? (manner.headerHead as Uint8Array) : manner.plainHead;
  const zero = manner.tellsHeaderLength && !hasHeader ? 2 : 0;
  const tail = message.bodyEnd + 2 - message.sizesStart;
  const out = connection.outbound;
  const start = out.reserve(controlLength(head, message, members) + zero + tail);
  if (start < 0) return false;
  const target = out.bytes;
  let at = writeControl(out, start, head, message, members);
  if (zero > 0) {
    target[at++] = ZERO;
    target[at++] = SPACE;
  }
  const source = message.bytes;
  if (source === target) target.copyWithin(at, message.sizesStart, message.bodyEnd + 2);
  else target.set(source.subarray(message.sizesStart, message.bodyEnd + 2), at);
  count(connection, message.size);
  return true;
}

/** For peers without headers, and for publishers with unusual spacing: the sizes are written anew. */
function writeRebuilt(
  connection: Connection,
  manner: LinkManner,
  message: Message,
  members: readonly Subscription[],
): boolean {
  const keepsHeader = message.headerLength > 0 && manner.headerHead !== null;
  const head = keepsHeader ? (manner.headerHead as Uint8Array) : manner.plainHead;
  const from = keepsHeader ? message.headerStart : message.bodyStart;
  const length = message.bodyEnd - from;
  const headerLength = keepsHeader ? message.headerLength : 0;
  const sizes = keepsHeader || manner.tellsHeaderLength ? `${headerLength} ${length}` : String(length);
  const out = connection.outbound;
  const start = out.reserve(controlLength(head, message, members) + sizes.length + 2 + length + 2);
  if (start < 0) return false;
  const target = out.bytes;
  let at = writeControl(out, start, head, message, members);
  at = writeText(target, at, sizes);
  target[at++] = CR;
  target[at++] = LF;
  message.bytes.copy(target, at, from, message.bodyEnd);
  at += length;
  target[at++] = CR;
  target[at] = LF;
  count(connection, length);
  return true;
}

function count(connection: Connection, size: number): void {
  connection.outMessages++;
  connection.outBytes += size;
}

function controlLength(head: Uint8Array, message: Message, members: readonly Subscription[]): number {
  const reply = message.replyEnd - message.replyStart;
  const replyLength = reply > 0 ? reply + 1 : 0;
  const subject = message.subjectEnd - message.subjectStart + 1;
  if (members.length === 0) return head.length + subject + replyLength;
  let names = 0;
  for (let index = 0; index < members.length; index++) names += members[index].queue.length + 1;
  return head.length + subject + 2 + replyLength + names;
}

/** All in front of the sizes. Answers where to go on. */
function writeControl(
  { bytes: target }: Outbound,
  start: number,
  head: Uint8Array,
  message: Message,
  members: readonly Subscription[],
): number {
  let at = start;
  for (let index = 0; index < head.length; index++) target[at++] = head[index];
  at = writeRange(target, at, message.subjectBytes, message.subjectStart, message.subjectEnd);
  target[at++] = SPACE;
  const hasReply = message.replyEnd > message.replyStart;
  if (members.length > 0) {
    target[at++] = hasReply ? PLUS : BAR;
    target[at++] = SPACE;
  }
  if (hasReply) {
    at = writeRange(target, at, message.replyBytes, message.replyStart, message.replyEnd);
    target[at++] = SPACE;
  }
  for (let index = 0; index < members.length; index++) {
    at = writeText(target, at, members[index].queue);
    target[at++] = SPACE;
  }
  return at;
}

function writeRange(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  if (end - start > BY_HAND_MAX) {
    source.copy(target, at, start, end);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from];
  return to;
}

function writeText(target: Buffer, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}
