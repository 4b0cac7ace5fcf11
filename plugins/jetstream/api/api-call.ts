/** A request on its way through. */
import { Buffer } from 'node:buffer';
import type { Message } from '../../../kernel/plugin-api.ts';
import type { ApiError } from '../../../protocols/jetstream/api-error.ts';
import { API_PREFIX, type ApiAddress } from '../../../protocols/jetstream/api-subject.ts';
import type { StreamAccount } from '../account/stream-account.ts';

/** What streams and consumers answer themselves: without them nobody does, and clients are told so. */
export const ANSWERED_ELSEWHERE = [`${API_PREFIX}DIRECT.GET.`, `${API_PREFIX}CONSUMER.MSG.NEXT.`];

/** What is for several servers: accounts are not answered, as a NATS server that is alone does not answer them. */
export const FOR_SEVERAL_SERVERS = /^(?:META|SERVER|ACCOUNT)\./;

export interface ApiCall {
  readonly address: ApiAddress;
  readonly subject: string;
  readonly reply: string;
  readonly header: Buffer;
  readonly body: Buffer;
  /** The connection the request came by; null for one that was made here. */
  readonly origin: object | null;
  readonly of: StreamAccount;
  /** Header fields of the answer. */
  readonly replyFields: [name: string, value: string][];
}

/** An answer as JSON, or why there is none. */
export type Answer = string | ApiError;
export type Endpoint = (call: ApiCall) => Answer | Promise<Answer>;

export function callOf(message: Message, address: ApiAddress, of: StreamAccount): ApiCall {
  return {
    address,
    subject: message.subject,
    reply: message.reply,
    // Copies: the message is borrowed.
    header: Buffer.from(message.header),
    body: Buffer.from(message.body),
    origin: message.origin,
    of,
    replyFields: [],
  };
}
