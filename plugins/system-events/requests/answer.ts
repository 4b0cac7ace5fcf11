/** An answer: the envelope around what was asked for, and the way back to whoever asked. */
import { type Account, type RetainedMessage, wireJson } from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';

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

/** Only what was asked for goes out compressed, as far as it can be. */
export async function reply(of: Surroundings, request: Request, answer: Answer | null): Promise<void> {
  const text = envelope(of.stamp.next(), answer);
  const accepted = answer === null || 'error' in answer ? undefined : acceptedBy(request);
  if (accepted === undefined) {
    of.publish(request.account, request.reply, text);
    return;
  }
  const isZipped = accepted.includes('gzip') && !accepted.includes('snappy') && !accepted.includes('s2');
  const header = Buffer.from(`NATS/1.0\r\nContent-Encoding: ${isZipped ? 'gzip' : 'identity'}\r\n\r\n`);
  if (!isZipped) of.publish(request.account, request.reply, text, header);
  else of.publishBytes(request.account, request.reply, await compress(text), header);
}

function acceptedBy({ header }: Request): string | undefined {
  if (header.length === 0) return undefined;
  return ACCEPTED.exec(Buffer.from(header).toString('latin1'))?.[1]?.toLowerCase();
}

async function compress(text: string): Promise<Uint8Array> {
  const { gzip } = await import('node:zlib');
  return new Promise((resolve, reject) => {
    gzip(text, (error, zipped) => (error === null ? resolve(zipped) : reject(error)));
  });
}
