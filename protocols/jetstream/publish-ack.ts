/** What a publisher is told. */
import { type ApiError, printError } from './api-error.ts';
import { printString } from './json/print-json.ts';

/** What comes before the sequence: made once for a stream. */
export function ackHead(stream: string, domain: string): string {
  const place = domain === '' ? '' : `"domain":${printString(domain)},`;
  return `{"stream":${printString(stream)},${place}"seq":`;
}

export interface PublishAck {
  readonly sequence: number;
  readonly isDuplicate?: boolean;
  /** The new value of a counter. */
  readonly counterValue?: string;
  readonly batch?: { readonly id: string; readonly count: number };
}

/** `head` is that of `ackHead`. */
export function printPublishAck(head: string, ack: PublishAck): string {
  const duplicate = ack.isDuplicate === true ? ',"duplicate": true' : '';
  const value = ack.counterValue === undefined ? '' : `,"val":"${ack.counterValue}"`;
  const batch = ack.batch === undefined ? '' : `,"batch":${printString(ack.batch.id)},"count":${ack.batch.count}`;
  return `${head}${ack.sequence}${duplicate}${value}${batch}}`;
}

export function printPublishError(stream: string, error: ApiError): string {
  return `{"error":${printError(error)},"stream":${printString(stream)},"seq":0}`;
}

/** What a batch that flows is told meanwhile: it may send so many messages for each acknowledgement. */
export function printFlowAck(sequence: number, messages: number): string {
  return `{"type":"ack","seq":${sequence},"msgs":${messages}}`;
}

export function printFlowGap(expected: number, found: number): string {
  return `{"type":"gap","last_seq":${expected},"seq":${found}}`;
}

export function printFlowError(sequence: number, error: ApiError): string {
  return `{"type":"err","seq":${sequence},"error":${printError(error)}}`;
}
