/** Reads and checks everything, and says what is damaged and what is lost. */
import { plural, rangesText } from '../../plugins/jetstream/trouble/range-text.ts';
import type { Damage } from '../../storage-drivers/contract.ts';
import { consumersOf, knownStreams } from './known-streams.ts';
import type { OpenedDirectory } from './open-store.ts';
import type { StoreRequest } from './store-request.ts';

export interface StreamFinding {
  readonly account: string;
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly lost: readonly (readonly [from: number, to: number])[];
  readonly lost_messages: number;
  readonly lost_bytes: number;
  /** What else is wrong with it. */
  readonly problems: readonly string[];
}

export interface Findings {
  readonly directory: string;
  readonly streams: readonly StreamFinding[];
  readonly damage: readonly Damage[];
  readonly isWhole: boolean;
}

export async function findAll(opened: OpenedDirectory, request: StoreRequest): Promise<Findings> {
  const { driver, directory } = opened;
  // What opens a database of LevelDB has read all of it.
  await driver.care?.verify();
  const streams: StreamFinding[] = [];
  for await (const { account, stream, store, kept, isAmnesiac } of knownStreams(opened, request)) {
    const problems = kept === null ? ['its definition can not be read'] : [];
    if (isAmnesiac && driver.name === 'level') problems.push(AMNESIA);
    for (const consumer of await consumersOf(store)) {
      if (consumer.kept === null) problems.push(`the consumer ${consumer.name} can not be read`);
    }
    const { ranges, records, bytes } = store.holes();
    streams.push({
      account,
      stream,
      messages: store.count,
      bytes: store.contentBytes,
      first_seq: store.first,
      last_seq: store.last,
      lost: ranges.map(({ from, to }) => [from, to] as const),
      lost_messages: records,
      lost_bytes: bytes,
      problems,
    });
  }
  const damage = once(driver.care?.damage ?? []);
  const isWhole = damage.length === 0 && streams.every((found) => found.lost.length + found.problems.length === 0);
  return { directory, streams, damage, isWhole };
}

/** A file driver says what it forgot, with the file. */
const AMNESIA = 'LevelDB lost writes that it had confirmed: more messages may be missing than it can tell';

/** What was found at opening is found again by looking. */
function once(damage: readonly Damage[]): Damage[] {
  const found = new Map(damage.map((one) => [`${one.store} ${one.path} ${one.from} ${one.to} ${one.records}`, one]));
  return [...found.values()];
}

export function findingsJson({ directory, streams, damage, isWhole }: Findings): string {
  return `${JSON.stringify({ directory, whole: isWhole, streams, damage })}\n`;
}

export function findingsText({ directory, streams, damage, isWhole }: Findings): string {
  const lines = streams.flatMap(streamLines);
  if (damage.length > 0) lines.push('', ...damage.map((one) => damageLine(one, directory)));
  const lost = streams.reduce((sum, { lost_messages }) => sum + lost_messages, 0);
  const verdict = isWhole
    ? 'everything was read, and is whole'
    : lost > 0
      ? `${plural(lost, 'message')} lost`
      : 'damaged, but no message is known to be lost';
  lines.push('', `${directory}: ${plural(streams.length, 'stream')}: ${verdict}`);
  return `${lines.join('\n')}\n`;
}

function streamLines({
  account,
  stream,
  messages,
  lost,
  lost_messages,
  lost_bytes,
  ...found
}: StreamFinding): string[] {
  const range =
    messages === 0 ? 'no messages' : `${plural(messages, 'message')}, ${found.first_seq} to ${found.last_seq}`;
  const lines = [`${account} > ${stream}: ${range}`];
  if (lost_messages > 0) {
    const ranges = rangesText(lost.map(([from, to]) => ({ from, to })));
    lines.push(`  lost ${plural(lost_messages, 'message')} (${plural(lost_bytes, 'byte')}): ${ranges}`);
  }
  return [...lines, ...found.problems.map((problem) => `  ${problem}`)];
}

function damageLine({ path, part, from, to, cause, records }: Damage, directory: string): string {
  const place = path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path;
  const what = cause === 'missing' ? 'is missing' : cause === 'unreadable' ? 'can not be read' : 'is damaged';
  const where = to > from ? ` from byte ${from} to ${to}` : '';
  if (part === 'folder') return `${place} ${what}: it is left as it is, and nobody knows what stream it is`;
  return `${place} ${what}${where}: ${records === 0 ? 'no message is known to be lost by it' : `${plural(records, 'message')} lost`}`;
}
