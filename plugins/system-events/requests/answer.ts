/** An answer: the envelope around what was asked for, and the way back to whoever asked. */
import { type Account, type RetainedMessage, wireJson } from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';
import { compress, encodingOf } from './compress.ts';

/** A request with the account it was sent in. */
export interface Request extends RetainedMessage {
  readonly account: Account;
}

/** What goes into the envelope; `data` is JSON already. */
export type Answer =
  | { readonly data: string }
  | { readonly error: { readonly code: number; readonly description?: string }; readonly data?: 'null' };

const ACCEPTED = /^accept-encoding:[ \t]*(.*?)\r?$/im;

export function envelope(server: object, answer: Answer | null): string {
  const data = answer?.data === undefined ? '' : `,"data":${answer.data}`;
  const error = answer !== null && 'error' in answer ? `,"error":${wireJson(answer.error)}` : '';
  return `{"server":${wireJson(server)}${data}${error}}`;
}

/** Only what was asked for goes out compressed. */
export async function reply(of: Surroundings, request: Request, answer: Answer | null): Promise<void> {
  const text = envelope(of.stamp.next(), answer);
  const accepted = answer === null || 'error' in answer ? undefined : acceptedBy(request);
  if (accepted === undefined) {
    of.publish(request.account, request.reply, text);
    return;
  }
  const encoding = encodingOf(accepted);
  const header = Buffer.from(`NATS/1.0\r\nContent-Encoding: ${encoding}\r\n\r\n`);
  if (encoding === 'identity') of.publish(request.account, request.reply, text, header);
  else of.publishBytes(request.account, request.reply, await compress(text, encoding, of.clock), header);
}

function acceptedBy({ header }: Request): string | undefined {
  if (header.length === 0) return undefined;
  return ACCEPTED.exec(Buffer.from(header).toString('latin1'))?.[1]?.toLowerCase();
}
