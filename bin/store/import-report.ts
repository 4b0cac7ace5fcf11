/** What was taken over from a nats-server, and what was not. */
import { plural } from '../../plugins/jetstream/trouble/range-text.ts';

export interface ImportedStream {
  readonly account: string;
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly consumers: number;
  /** Records that were read, and how many of these were held against their checksums. */
  readonly read: number;
  readonly verified: number;
  readonly notes: readonly string[];
  readonly damage: readonly string[];
  /** Why nothing of it was taken; empty where it was. */
  readonly leftOut: string;
}

export function isWhole({ damage, leftOut }: ImportedStream): boolean {
  return damage.length === 0 && leftOut === '';
}

export function importLine(found: ImportedStream): string {
  const { account, stream, messages, leftOut, first_seq, last_seq } = found;
  const range = messages === 0 ? `none, the next is ${last_seq + 1}` : `${first_seq} to ${last_seq}`;
  const facts = [
    `${plural(messages, 'message')} (${range})`,
    plural(found.bytes, 'byte'),
    plural(found.consumers, 'consumer'),
    `${found.verified} of ${plural(found.read, 'record')} verified`,
  ];
  const lines = [`${account} > ${stream}: ${leftOut === '' ? facts.join(', ') : `left out: ${leftOut}`}`];
  return `${[...lines, ...[...found.damage, ...found.notes].map((line) => `  ${line}`)].join('\n')}\n`;
}

export function importSummary(from: string, into: string, streams: readonly ImportedStream[]): string {
  const taken = streams.filter(({ leftOut }) => leftOut === '');
  const damaged = taken.filter(({ damage }) => damage.length > 0).length;
  const parts = [`${plural(taken.length, 'stream')} taken from ${from}`];
  if (damaged > 0) parts.push(`${damaged} of them with damage`);
  if (taken.length < streams.length) parts.push(`${streams.length - taken.length} left out`);
  return `\n${into}: ${parts.join(', ')}\n`;
}
