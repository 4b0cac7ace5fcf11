/** The head of an HTTP answer: to an upgrade, or of a proxy. */
import { readHeaders } from './request-head.ts';

export interface ResponseHead {
  readonly status: number;
  /** As a person would quote it: `404 Not Found`. */
  readonly text: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

export type ResponseOutcome =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: ResponseHead; readonly length: number }
  | { readonly kind: 'malformed' };

const END = /\r?\n\r?\n/;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?$/;
const MALFORMED: ResponseOutcome = { kind: 'malformed' };

/** `bytes` is all that has come so far; what follows the head belongs to somebody else. */
export function readResponseHead(bytes: Buffer): ResponseOutcome {
  const text = bytes.toString('latin1');
  // Whoever does not speak HTTP is not waited for.
  if (!'HTTP/1.'.startsWith(text.slice(0, 7))) return MALFORMED;
  const end = END.exec(text);
  if (end === null) return { kind: 'more' };
  const [first = '', ...lines] = text.slice(0, end.index).split(/\r?\n/);
  const status = STATUS_LINE.exec(first);
  const headers = readHeaders(lines);
  if (status === null || 'status' in headers) return MALFORMED;
  const [, digits = '', phrase = ''] = status;
  const head = { status: Number(digits), text: `${digits} ${phrase}`.trim(), headers };
  return { kind: 'head', head, length: end.index + end[0].length };
}
