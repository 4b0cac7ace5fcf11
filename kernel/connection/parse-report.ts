/** A client said what cannot be read: the log, the client and the counters are told, in this order, and it is over. */
import { malformedReport, tracedFrame, unknownReport } from '../../protocols/client/parse-failure.ts';
import type { ParseFailure } from '../../protocols/client/parser.ts';
import type { ClientConnection } from './client-connection.ts';
import { CloseReason } from './close-reason.ts';

export function reportParseFailure(client: ClientConnection, failure: ParseFailure): void {
  if (failure === 'line-too-long') lineTooLong(client);
  else if (failure === 'payload-too-large') payloadTooLarge(client);
  else if (failure === 'malformed') malformed(client);
  else unknownOperation(client);
}

/** The log names the connection as it was before its end, and has this line behind that of the end. */
function lineTooLong(client: ClientConnection): void {
  const log = client.broker.logOf(client);
  client.broker.limitHits.controlLine++;
  client.sendError('maximum control line exceeded');
  client.close(CloseReason.maxControlLine);
  log.error('maximum control line exceeded');
}

function payloadTooLarge(client: ClientConnection): void {
  const { limitHits, message, messageTracer, tracer } = client.broker;
  limitHits.payload++;
  tracer?.input(client, tracedFrame(frameOf(client)));
  client.broker.logOf(client).error(`maximum payload exceeded: ${message.size} vs ${client.payloadMax}`);
  if (message.headerLength > 0) messageTracer?.tooLarge(client, message);
  client.sendError('Maximum Payload Violation');
  client.close(CloseReason.maxPayload);
}

function malformed(client: ClientConnection): void {
  const { traced, text } = malformedReport(frameOf(client), client.takesHeaders);
  client.broker.tracer?.input(client, traced);
  client.broker.logOf(client).error(text);
  client.close(CloseReason.protocolViolation);
}

function unknownOperation(client: ClientConnection): void {
  const { traced, text } = unknownReport(frameOf(client));
  if (traced !== '') client.broker.tracer?.input(client, traced);
  client.sendError('Unknown Protocol Operation');
  client.broker.logOf(client).error(text);
  client.close(CloseReason.protocolViolation);
}

function frameOf({ broker }: ClientConnection) {
  return { bytes: broker.message.bytes, ...broker.parser.place };
}
