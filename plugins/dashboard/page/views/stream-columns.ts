/** What is shown of streams and consumers. */
import { numberOf, type Row, rowOf, rowsOf, textOf, textsOf } from '../answers.ts';
import { compact, NONE, size, whole } from '../format.ts';
import type { LocalColumn } from '../local-table.ts';

export interface StreamLine {
  readonly account: string;
  readonly stream: Row;
}

export interface ConsumerLine {
  readonly account: string;
  readonly consumer: Row;
}

export function streamColumns(): LocalColumn<StreamLine>[] {
  return [
    { title: 'Stream', isWide: true, text: ({ stream }) => textOf(stream.name) },
    { title: 'Account', isWide: true, rank: 3, text: ({ account }) => account },
    { title: 'Subjects', isWide: true, rank: 2, text: ({ stream }) => subjectsText(stream) },
    { title: 'Kept in', rank: 3, text: ({ stream }) => textOf(rowOf(stream.config).storage) || NONE },
    ofState('Messages', 'messages', compact),
    ofState('Size', 'bytes', size),
    ofState('First', 'first_seq', whole, 3),
    ofState('Last', 'last_seq', whole, 3),
    ofState('Consumers', 'consumer_count', whole, 2),
    { title: 'Leader', isWide: true, rank: 3, text: ({ stream }) => textOf(rowOf(stream.cluster).leader) || NONE },
    { title: 'Replicas', rank: 3, text: replicasText, tone: (line) => (isBehind(line) ? 'bad' : null) },
  ];
}

export function consumerColumns(): LocalColumn<ConsumerLine>[] {
  return [
    { title: 'Consumer', isWide: true, text: ({ consumer }) => textOf(consumer.name) },
    { title: 'Stream', isWide: true, text: ({ consumer }) => textOf(consumer.stream_name) },
    { title: 'Account', isWide: true, rank: 3, text: ({ account }) => account },
    { title: 'State', rank: 3, text: ({ consumer }) => stateText(consumer) },
    ofConsumer('Unread', ({ num_pending: count }) => numberOf(count)),
    ofConsumer('Unacked', ({ num_ack_pending: count }) => numberOf(count)),
    ofConsumer('Redelivered', ({ num_redelivered: count }) => numberOf(count), 2, true),
    ofConsumer('Waiting pulls', ({ num_waiting: count }) => numberOf(count), 3),
    ofConsumer('Delivered', ({ delivered }) => numberOf(rowOf(delivered).stream_seq), 3),
    ofConsumer('Acked', ({ ack_floor: floor }) => numberOf(rowOf(floor).stream_seq), 3),
  ];
}

function ofState(title: string, key: string, format: (value: number) => string, rank?: 2 | 3): LocalColumn<StreamLine> {
  const value = ({ stream }: StreamLine): number => numberOf(rowOf(stream.state)[key]);
  return { title, isNumber: true, value, text: (line) => format(value(line)), ...(rank && { rank }) };
}

function ofConsumer(
  title: string,
  count: (consumer: Row) => number,
  rank?: 2 | 3,
  isTrouble = false,
): LocalColumn<ConsumerLine> {
  const value = ({ consumer }: ConsumerLine): number => count(consumer);
  const tone = (line: ConsumerLine): string | null => (value(line) === 0 ? 'weak' : isTrouble ? 'bad' : null);
  return { title, isNumber: true, value, tone, text: (line) => compact(value(line)), ...(rank && { rank }) };
}

function subjectsText({ config, mirror, sources }: Row): string {
  const subjects = textsOf(rowOf(config).subjects);
  if (subjects.length > 0) return subjects.join(', ');
  const origins = [rowOf(mirror), ...rowsOf(sources)].map(({ name }) => textOf(name)).filter((name) => name !== '');
  return origins.length === 0 ? NONE : `from ${origins.join(', ')}`;
}

/** How many there are, and how many of them follow. */
function replicasText({ stream }: StreamLine): string {
  const others = rowsOf(rowOf(stream.cluster).replicas);
  if (others.length === 0) return textOf(rowOf(stream.config).num_replicas) || '1';
  return `${1 + others.filter(({ current }) => current === true).length} of ${others.length + 1} current`;
}

function isBehind({ stream }: StreamLine): boolean {
  return rowsOf(rowOf(stream.cluster).replicas).some(({ current }) => current !== true);
}

function stateText({ paused, push_bound: isBound, config }: Row): string {
  if (paused === true) return 'paused';
  if (textOf(rowOf(config).deliver_subject) === '') return 'pull';
  return isBound === true ? 'push, bound' : 'push, nobody there';
}
