/**
 * Writes messages to clients, straight into their outbound memory.
 *
 * This is the innermost loop of the broker. Copies inside the arena are one `copyWithin`; only subjects, replies and
 * subscription ids, which are short, are copied byte by byte.
 */
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import { SharedFrame } from './chunk.ts';
import type { ClientConnection } from './client-connection.ts';

const SPACE = 32;
const CR = 13;
const LF = 10;
/** From this size on, several receivers of one message share it in memory. */
const SHARE_FROM = 8192;
/** Receivers that differ in more subscription ids than this get their own control line and share the rest. */
const SHARED_IDS_MAX = 8;
const CONTROL_LINE_ROOM = 64;

/** False when this receiver does not get it. */
export function deliverToClient(subscription: Subscription, message: Message): boolean {
  const client = subscription.sink as ClientConnection;
  if (subscription.flags !== 0 && !client.admits(subscription, message)) return false;
  const hasHeader = message.headerLength > 0;
  if (!message.isCanonical || (hasHeader && !client.takesHeaders)) return deliverRebuilt(client, subscription, message);
  const tail = message.bodyEnd + 2 - message.sizesStart;
  const out = client.outbound;
  const start = out.reserve(controlLength(message, subscription.sid, hasHeader) + tail);
  if (start < 0) return client.dropped(subscription, message);
  const target = out.bytes;
  const at = writeControl(target, start, message, subscription.sid, hasHeader);
  const source = message.bytes;
  if (source === target) target.copyWithin(at, message.sizesStart, message.bodyEnd + 2);
  else target.set(source.subarray(message.sizesStart, message.bodyEnd + 2), at);
  client.delivered(subscription, message);
  return true;
}

/** To many at once; large messages are kept in memory once. Answers how many got it. */
export function deliverToClients(subscriptions: readonly Subscription[], message: Message): number {
  if (message.bodyEnd - message.sizesStart >= SHARE_FROM && subscriptions.length > 1) {
    return deliverShared(subscriptions, message);
  }
  let count = 0;
  for (let index = 0; index < subscriptions.length; index++) {
    if (deliverToClient(subscriptions[index], message)) count++;
  }
  return count;
}

function deliverShared(subscriptions: readonly Subscription[], message: Message): number {
  const frames = new Map<string, SharedFrame>();
  let tail: SharedFrame | null = null;
  let count = 0;
  for (const subscription of subscriptions) {
    const client = subscription.sink as ClientConnection;
    const isUsual = message.isCanonical && (message.headerLength === 0 || client.takesHeaders);
    if (!isUsual) {
      if (deliverToClient(subscription, message)) count++;
      continue;
    }
    if (subscription.flags !== 0 && !client.admits(subscription, message)) continue;
    let frame = frames.get(subscription.sid);
    if (frame === undefined && frames.size < SHARED_IDS_MAX) {
      frame = wholeFrame(client, message, subscription.sid);
      frames.set(subscription.sid, frame);
    }
    if (frame === undefined) tail ??= tailFrame(client, message);
    const isTaken =
      frame === undefined ? sendInTwo(client, subscription, message, tail) : client.outbound.sendShared(frame);
    if (!isTaken) {
      client.dropped(subscription, message);
      continue;
    }
    client.delivered(subscription, message);
    count++;
  }
  for (const frame of frames.values()) frame.release();
  tail?.release();
  return count;
}

function wholeFrame(client: ClientConnection, message: Message, sid: string): SharedFrame {
  const hasHeader = message.headerLength > 0;
  const tail = message.bodyEnd + 2 - message.sizesStart;
  const frame = Buffer.allocUnsafeSlow(controlLength(message, sid, hasHeader) + tail);
  const at = writeControl(frame, 0, message, sid, hasHeader);
  message.bytes.copy(frame, at, message.sizesStart, message.bodyEnd + 2);
  return new SharedFrame(client.outboundPool, frame);
}

function tailFrame(client: ClientConnection, message: Message): SharedFrame {
  const tail = Buffer.allocUnsafeSlow(message.bodyEnd + 2 - message.sizesStart);
  message.bytes.copy(tail, 0, message.sizesStart, message.bodyEnd + 2);
  return new SharedFrame(client.outboundPool, tail);
}

function sendInTwo(
  client: ClientConnection,
  subscription: Subscription,
  message: Message,
  tail: SharedFrame | null,
): boolean {
  const hasHeader = message.headerLength > 0;
  const start = client.outbound.reserve(controlLength(message, subscription.sid, hasHeader));
  if (start < 0 || tail === null) return false;
  writeControl(client.outbound.bytes, start, message, subscription.sid, hasHeader);
  return client.outbound.sendShared(tail);
}

/** For receivers without headers, and for publishers with unusual spacing: the sizes are written anew. */
function deliverRebuilt(client: ClientConnection, subscription: Subscription, message: Message): boolean {
  const keepsHeader = message.headerLength > 0 && client.takesHeaders;
  const sizes = sizesFor(message, keepsHeader);
  const from = keepsHeader ? message.headerStart : message.bodyStart;
  const length = message.bodyEnd + 2 - from;
  const start = client.outbound.reserve(
    controlLength(message, subscription.sid, keepsHeader) + sizes.length + 2 + length,
  );
  if (start < 0) return client.dropped(subscription, message);
  const target = client.outbound.bytes;
  let at = writeControl(target, start, message, subscription.sid, keepsHeader);
  at = writeText(target, at, sizes);
  target[at++] = CR;
  target[at++] = LF;
  message.bytes.copy(target, at, from, message.bodyEnd + 2);
  client.delivered(subscription, message);
  return true;
}

function sizesFor(message: Message, keepsHeader: boolean): string {
  const written = message.bytes
    .toString('latin1', message.sizesStart, message.sizesEnd)
    .trim()
    .split(/[ \t]+/);
  if (keepsHeader) return written.slice(-2).join(' ');
  return message.headerLength > 0 ? String(message.bodyEnd - message.bodyStart) : written[written.length - 1];
}

function controlLength(message: Message, sid: string, hasHeader: boolean): number {
  const reply = message.replyEnd - message.replyStart;
  const subject = message.subjectEnd - message.subjectStart;
  return (hasHeader ? 5 : 4) + subject + 1 + sid.length + 1 + (reply > 0 ? reply + 1 : 0);
}

/** `MSG subject sid [reply ]`, without what follows. Answers where to go on. */
function writeControl(target: Buffer, start: number, message: Message, sid: string, hasHeader: boolean): number {
  let at = start;
  if (hasHeader) target[at++] = 72;
  target[at++] = 77;
  target[at++] = 83;
  target[at++] = 71;
  target[at++] = SPACE;
  at = writeRange(target, at, message.subjectBytes, message.subjectStart, message.subjectEnd);
  target[at++] = SPACE;
  at = writeText(target, at, sid);
  target[at++] = SPACE;
  if (message.replyEnd === message.replyStart) return at;
  at = writeRange(target, at, message.replyBytes, message.replyStart, message.replyEnd);
  target[at++] = SPACE;
  return at;
}

function writeRange(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  if (end - start > CONTROL_LINE_ROOM) {
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
