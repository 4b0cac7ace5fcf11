/**
 * What happens to a message a client publishes, from the control line to the receivers.
 *
 * Everything that depends on the subject alone (mapping, permission, who receives it) is looked up once and kept on the
 * connection for as long as the same subject repeats and nothing changes in the account.
 */
import { noRespondersFrame } from '../../protocols/client/frames.ts';
import { quoted } from '../../protocols/client/quoted.ts';
import type { Message } from '../routing/message.ts';
import type { MessageTrace } from '../routing/message-trace.ts';
import { EMPTY_PLAN } from '../routing/plan.ts';
import { isLiteralSubjectBytes } from '../routing/subject.ts';
import type { ClientConnection } from './client-connection.ts';
import { deliverToClient } from './deliver.ts';
import { isReserved, isReservedReply } from './reserved-subjects.ts';

// Verdicts on a subject. Plain: route it without further ado.
const PLAIN = 0;
const CAREFUL = 1;
/** Not allowed, except as an answer to a request. */
const DENIED = 2;
/** Belongs to the broker. */
const RESERVED = 3;
/** A mapping leads nowhere: as if published to no subject at all. */
const DROPPED = 4;

const LOOK_ALWAYS = -1;

export function publish(client: ClientConnection, message: Message, repeats: boolean): void {
  client.inMessages++;
  client.inBytes += message.size;
  if (!repeats || client.planGeneration !== client.account.sublist.generation) lookUp(client, message);
  if (message.headerLength > 0 && client.broker.messageTracer !== null) publishExamined(client, message);
  else publishUntraced(client, message);
}

function publishUntraced(client: ClientConnection, message: Message): void {
  const isPlain = client.verdict === PLAIN && (message.replyEnd === message.replyStart || !isReservedReply(message));
  if (isPlain && client.broker.watch.publishCheck.slot === null) route(client, message);
  else publishCarefully(client, message, null);
}

/** A trace may come out of it, or a message other than the one that came in, or nothing. */
function publishExamined(client: ClientConnection, message: Message): void {
  const way = client.broker.messageTracer?.examine(client, message) ?? null;
  if (way === 'drop') return;
  const trace = way?.trace ?? null;
  if (trace === null) {
    publishUntraced(client, way?.message ?? message);
    return;
  }
  publishCarefully(client, way?.message ?? message, trace);
  trace.release();
}

/** Finds out all that the subject decides. */
function lookUp(client: ClientConnection, message: Message): void {
  const { account, permissions } = client;
  client.planGeneration = account.sublist.generation;
  client.mappedSubject = null;
  client.plan = EMPTY_PLAN;
  client.verdict = isCareful(client) ? CAREFUL : PLAIN;
  let bytes = message.subjectBytes;
  let start = message.subjectStart;
  let end = message.subjectEnd;
  if (account.mappings !== null) {
    const mapped = mapSubject(client, message);
    if (client.verdict === DROPPED) return;
    if (mapped !== null) {
      bytes = mapped;
      start = 0;
      end = mapped.length;
    }
  }
  if (isReserved(bytes, start, end, account.isSystem)) {
    client.verdict = RESERVED;
    return;
  }
  if (permissions !== null && !permissions.mayPublish(bytes, start, end)) {
    client.verdict = DENIED;
    if (client.replies === null) return;
  }
  client.plan = account.sublist.match(bytes, start, end);
}

function isCareful(client: ClientConnection): boolean {
  return client.options.verbose || client.options.pedantic || client.broker.tracer !== null;
}

/** The subject the account's mappings lead to; null when they leave it alone. */
function mapSubject(client: ClientConnection, message: Message): Buffer | null {
  const { subjectBytes, subjectStart, subjectEnd } = message;
  const { mappings } = client.account;
  if (mappings === null || !mappings.mayTouch(subjectBytes, subjectStart, subjectEnd)) return null;
  const { subject } = message;
  const mapping = mappings.find(subject);
  if (mapping === null) return null;
  if (!mapping.isDeterministic) client.planGeneration = LOOK_ALWAYS;
  const mapped = mapping.apply(subject);
  client.verdict = mapped === null ? DROPPED : CAREFUL;
  if (mapped === null) return null;
  client.mappedSubject = Buffer.from(mapped, 'latin1');
  return client.mappedSubject;
}

function publishCarefully(client: ClientConnection, message: Message, trace: MessageTrace | null): void {
  const { broker, options, mappedSubject, verdict } = client;
  broker.tracer?.publish(client, message);
  if (options.pedantic && !isLiteralSubjectBytes(message.bytes, message.subjectStart, message.subjectEnd)) {
    client.sendError('Invalid Publish Subject');
  }
  const subject = trace === null ? '' : message.subject;
  if (mappedSubject !== null) {
    message.subjectBytes = mappedSubject;
    message.subjectStart = 0;
    message.subjectEnd = mappedSubject.length;
  }
  const refusal = refusalOf(client, message);
  if (trace !== null) {
    trace.enter(client, message, subject, refusal ?? '');
    if (mappedSubject !== null || verdict === DROPPED) trace.map(message, message.subject);
  }
  if (refusal === null) {
    if (options.verbose) client.sendOk();
    if (verdict === DROPPED) message.subjectEnd = message.subjectStart;
    if (trace === null) route(client, message);
    else if (broker.dispatcher.dispatchTraced(client.plan, message, trace) === 0) unrouted(client, message);
  } else {
    broker.limitHits.publishPermissions++;
    client.sendError(refusal);
  }
  message.subjectBytes = message.bytes;
}

/** What the client is told when it may not publish this; null when it may. */
function refusalOf(client: ClientConnection, message: Message): string | null {
  const { broker, verdict } = client;
  const isDenied = verdict === DENIED && !client.replies?.use(message.subject);
  if (isDenied || verdict === RESERVED) {
    const subject = quoted(message.subject);
    broker.logOf(client).error(`Publish Violation - Subject ${subject}`);
    return `Permissions Violation for Publish to ${subject}`;
  }
  if (message.hasReply && isReservedReply(message)) {
    const reply = quoted(message.reply);
    broker.logOf(client).error(`Publish Violation - Reply ${reply}`);
    return `Permissions Violation for Publish with Reply of ${reply}`;
  }
  const check = broker.watch.publishCheck.slot;
  const answer = check === null ? undefined : check(client, message);
  if (answer === undefined || answer === true) return null;
  return `Permissions Violation for Publish to ${quoted(message.subject)}`;
}

function route(client: ClientConnection, message: Message): void {
  const { plan } = client;
  const count =
    plan.only === null ? client.broker.dispatcher.dispatch(plan, message) : deliverToClient(plan.only, message) ? 1 : 0;
  if (count === 0) unrouted(client, message);
}

/** Nobody took it: a requester that asked for it is told at once. */
function unrouted(client: ClientConnection, message: Message): void {
  const slot = client.broker.watch.publishUnrouted.slot;
  if (slot !== null) slot(client, message);
  if (!message.hasReply || !client.options.no_responders) return;
  const plan = client.account.sublist.match(message.replyBytes, message.replyStart, message.replyEnd);
  const listener = plan.clients.find((subscription) => subscription.sink === client);
  if (listener !== undefined) client.send(noRespondersFrame(message.reply, listener.sid, message.subject));
}
