/** From the decision to trace a message to the record that goes with it. */
import { quoted } from '../../protocols/client/quoted.ts';
import type { Account } from '../accounts/account.ts';
import { withHeaderField } from '../routing/header-field.ts';
import type { LinkTracing } from '../routing/link.ts';
import type { Message } from '../routing/message.ts';
import {
  CLIENT_KIND,
  type Egress,
  MessageTrace,
  type TraceDecision,
  TraceError,
  type TraceRequest,
} from '../routing/message-trace.ts';
import { isLiteral, isValidSubject } from '../routing/subject.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Connection } from './connection.ts';
import { isReserved } from './reserved-subjects.ts';

/** How a message goes on: not always as it came, and with a record or without. */
export interface Way {
  readonly message: Message;
  readonly trace: MessageTrace | null;
}

/** Null when the message goes no further. */
export function followed(client: ClientConnection, message: Message, decision: TraceDecision): Way | null {
  if (decision.action === 'drop') return null;
  if (decision.action === 'mark') {
    return { message: withHeaderField(message, decision.name, decision.value), trace: null };
  }
  const { request } = decision;
  const { destination } = request;
  if (!hasPlaceToReport(client, request)) return request.isOnly ? null : { message, trace: null };
  if (!mayReport(client, destination)) {
    const text = quoted(destination);
    client.broker.limitHits.publishPermissions++;
    client.sendError(`Permissions Violation for Publish to ${text}`);
    client.broker.logOf(client).error(`Publish Violation - Subject ${text}`);
    return null;
  }
  return { message, trace: traceFor(client, client.account, decision.request) };
}

/** A message that is refused before all of it has come: `message` is as much of it as is there. */
export function reportTooLarge(client: ClientConnection, message: Message): void {
  const decision = client.broker.messageTracer?.examine(client, client.account, message) ?? null;
  if (decision?.action !== 'trace') return;
  const { destination } = decision.request;
  if (!isLiteral(destination) || !isValidSubject(destination) || !mayReport(client, destination)) return;
  const trace = traceFor(client, client.account, decision.request);
  trace.enter(message, traceNameOf(client), message.subject, TraceError.payloadTooLarge);
  trace.release();
}

/** What a publisher is called in a trace. */
export function traceNameOf({ id, options }: ClientConnection): Egress {
  return { kind: CLIENT_KIND, id, name: options.name };
}

/** The report is published in the name of whoever asks for it. */
function mayReport({ account, permissions }: ClientConnection, destination: string): boolean {
  const bytes = Buffer.from(destination, 'latin1');
  if (isReserved(bytes, 0, bytes.length, account.isSystem)) return false;
  return permissions === null || permissions.mayPublish(bytes, 0, bytes.length);
}

function traceFor({ broker }: Connection, account: Account, request: TraceRequest): MessageTrace {
  const { clock, watch } = broker;
  return new MessageTrace(request, account.name, () => clock.now(), watch.traceHop);
}

/**
 * The record that goes on with a message of another server. Null where nobody follows it; undefined where it was only to be followed,
 * and can not be.
 */
export function followedHere(
  link: Connection,
  account: Account,
  message: Message,
  { kind, id, name }: LinkTracing,
): MessageTrace | null | undefined {
  const decision = link.broker.messageTracer?.examine(link, account, message) ?? null;
  if (decision === null || decision.action === 'mark') return null;
  if (decision.action === 'drop' || !hasPlaceToReport(link, decision.request)) {
    return decision.action === 'drop' || decision.request.isOnly ? undefined : null;
  }
  const trace = traceFor(link, account, decision.request);
  trace.enter(message, { kind, id, name }, message.subject, '');
  return trace;
}

function hasPlaceToReport(connection: Connection, { destination }: TraceRequest): boolean {
  if (isLiteral(destination) && isValidSubject(destination)) return true;
  const text = `Destination ${quoted(destination)} is not valid, won't be able to trace events`;
  connection.broker.logOf(connection).error(text);
  return false;
}
