/** Answers without a body: a status line, and perhaps numbers a client counts by. */
import { Buffer } from 'node:buffer';

const LINE = 'NATS/1.0';

/** A header block of nothing but a status; `headers` are written as they come. */
export function statusBlock(code: number, text: string, headers: readonly (readonly [string, string])[] = []): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${LINE} ${code} ${text}\r\n${lines}\r\n`);
}

export const IDLE_HEARTBEAT = [100, 'Idle Heartbeat'] as const;
export const FLOW_CONTROL = [100, 'FlowControl Request'] as const;
export const END_OF_BATCH = [204, 'EOB'] as const;
export const NO_MESSAGES = [404, 'No Messages'] as const;
export const MESSAGE_NOT_FOUND = [404, 'Message Not Found'] as const;
export const NO_RESULTS = [404, 'No Results'] as const;
export const REQUEST_TIMEOUT = [408, 'Request Timeout'] as const;
export const REQUESTS_PENDING = [408, 'Requests Pending'] as const;
export const INTEREST_EXPIRED = [408, 'Interest Expired'] as const;
export const EMPTY_REQUEST = [408, 'Empty Request'] as const;
export const MALFORMED_REQUEST = [408, 'Malformed Request'] as const;
export const BAD_DIRECT_REQUEST = [408, 'Bad Request'] as const;
export const PUSH_BASED = [409, 'Consumer is push based'] as const;
export const CONSUMER_DELETED = [409, 'Consumer Deleted'] as const;
export const SERVER_SHUTDOWN = [409, 'Server Shutdown'] as const;
export const LEADERSHIP_CHANGE = [409, 'Leadership Change'] as const;
export const BATCH_COMPLETED = [409, 'Batch Completed'] as const;
export const TOO_LARGE = [409, 'Message Size Exceeds MaxBytes'] as const;
export const MAX_WAITING = [409, 'Exceeded MaxWaiting'] as const;
export const REQUIRED_API_LEVEL = [412, 'Required Api Level'] as const;
export const TOO_MANY_RESULTS = [413, 'Too Many Results'] as const;
export const WRONG_PIN = [423, 'Nats-Wrong-Pin-Id'] as const;
export const PIN_MISMATCH = [423, 'Nats-Pin-Id mismatch'] as const;
export const TOO_MANY_REQUESTS = [429, 'Too Many Requests'] as const;

export type Status = readonly [code: number, text: string];

export function maxBatchExceeded(limit: number): Status {
  return [409, `Exceeded MaxRequestBatch of ${limit}`];
}

/** `limit` as a duration reads: `10s`. */
export function maxExpiresExceeded(limit: string): Status {
  return [409, `Exceeded MaxRequestExpires of ${limit}`];
}

export function maxBytesExceeded(limit: number): Status {
  return [409, `Exceeded MaxRequestMaxBytes of ${limit}`];
}

export function badRequest(reason: string): Status {
  return [400, `Bad Request - ${reason}`];
}

/** With what a request still wanted when it ended. */
export function remainingHeaders(messages: number, bytes: number): readonly (readonly [string, string])[] {
  return [
    ['Nats-Pending-Messages', String(messages)],
    ['Nats-Pending-Bytes', String(bytes)],
  ];
}

/** How far a consumer got; `stalled` is where it waits for a flow control answer, empty when it does not. */
export function heartbeatHeaders(
  lastConsumer: number,
  lastStream: number,
  stalled = '',
): readonly (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [
    ['Nats-Last-Consumer', String(lastConsumer)],
    ['Nats-Last-Stream', String(lastStream)],
  ];
  return stalled === '' ? headers : [...headers, ['Nats-Consumer-Stalled', stalled]];
}
