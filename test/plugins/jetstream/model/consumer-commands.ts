/**
 * What is done to a stream and its consumers by chance, as plain values. Consumers that begin with the last of each subject are held
 * against a nats-server instead: what they are told there is to come follows no plain rule.
 */
import type { Seeded } from '../../../fuzz/seeded.ts';
import type { PlainConfig } from './plain-config.ts';
import type { PlainConsumerConfig, PullWish } from './plain-consumer-config.ts';

export type ConsumerCommand =
  | { readonly kind: 'publish'; readonly subject: string; readonly body: string; readonly rollup: string }
  | { readonly kind: 'make'; readonly config: PlainConsumerConfig; readonly agoSeconds: number }
  | { readonly kind: 'change'; readonly name: string; readonly changes: Partial<PlainConsumerConfig> }
  | { readonly kind: 'forget'; readonly name: string }
  | { readonly kind: 'ask'; readonly name: string; readonly wish: PullWish }
  | { readonly kind: 'unpin'; readonly name: string }
  | { readonly kind: 'listen'; readonly name: string }
  | { readonly kind: 'leave'; readonly name: string }
  /** `which` of the deliveries so far; the answer is asked for. */
  | { readonly kind: 'ack'; readonly name: string; readonly which: number; readonly body: string }
  | { readonly kind: 'reset'; readonly name: string; readonly seq: number }
  | { readonly kind: 'delete'; readonly seq: number }
  | { readonly kind: 'purge'; readonly request: PurgeRequest }
  | { readonly kind: 'pass'; readonly halves: number }
  | { readonly kind: 'restart' };

export interface PurgeRequest {
  readonly filter?: string;
  readonly seq?: number;
  readonly keep?: number;
}

export const NAMES = ['A', 'B', 'C'];
const FILTERS: readonly (readonly string[])[] = [[], [], ['s.0'], ['s.0', 's.2'], ['s.*'], ['s.1', 's.d.>']];
const SECOND = 1e9;
const WEIGHTED: readonly (readonly [ConsumerCommand['kind'], number])[] = [
  ['publish', 26],
  ['ask', 22],
  ['ack', 30],
  ['pass', 9],
  ['listen', 3],
  ['leave', 2],
  ['unpin', 2],
  ['make', 3],
  ['change', 3],
  ['forget', 1],
  ['reset', 1],
  ['delete', 3],
  ['purge', 2],
  ['restart', 2],
];
const TOTAL = WEIGHTED.reduce((sum, [, weight]) => sum + weight, 0);

export function drawnRetention(chance: Seeded): PlainConfig['retention'] {
  return chance.pick(['limits', 'limits', 'interest', 'workqueue']);
}

export function drawnConsumerCommands(
  chance: Seeded,
  retention: PlainConfig['retention'],
  count: number,
): ConsumerCommand[] {
  const names = retention === 'workqueue' ? NAMES.slice(0, 1) : NAMES;
  const first = names.map((name) => drawnMake(chance, retention, name));
  const draw = (): ConsumerCommand => drawnCommand(chance, retention, chance.pick(names));
  const before = Array.from({ length: chance.below(8) }, () => drawnPublish(chance));
  return [...before, ...first, ...Array.from({ length: count }, draw)];
}

function drawnKind(chance: Seeded): ConsumerCommand['kind'] {
  let left = chance.below(TOTAL);
  for (const [kind, weight] of WEIGHTED) {
    if (left < weight) return kind;
    left -= weight;
  }
  return 'publish';
}

function drawnPublish(chance: Seeded): ConsumerCommand {
  const subject = chance.once(5) ? 's.d.0' : `s.${chance.below(3)}`;
  const rollup = chance.once(20) ? chance.pick(['sub', 'sub', 'all']) : '';
  return { kind: 'publish', subject, body: 'x'.repeat(chance.below(30)), rollup };
}

function drawnCommand(chance: Seeded, retention: PlainConfig['retention'], name: string): ConsumerCommand {
  const kind = drawnKind(chance);
  switch (kind) {
    case 'publish':
      return drawnPublish(chance);
    case 'ask':
      return { kind, name, wish: drawnWish(chance) };
    case 'ack':
      return { kind, name, which: chance.below(chance.once(3) ? 1_000 : 3), body: drawnBody(chance) };
    case 'pass':
      return { kind, halves: 1 + chance.below(8) };
    case 'make':
      return drawnMake(chance, retention, name);
    case 'change':
      return { kind, name, changes: drawnChanges(chance, retention) };
    case 'reset':
      return { kind, name, seq: chance.once(2) ? 0 : 1 + chance.below(20) };
    case 'delete':
      return { kind, seq: 1 + chance.below(25) };
    case 'purge':
      return { kind, request: drawnPurge(chance) };
    default:
      return { kind, name } as ConsumerCommand;
  }
}

function drawnPurge(chance: Seeded): PurgeRequest {
  const filter = chance.once(3) ? {} : { filter: chance.pick(['s.0', 's.1', 's.2', 's.*', 's.d.>']) };
  return { ...filter, ...chance.pick([{}, {}, { seq: 1 + chance.below(25) }, { keep: 1 + chance.below(3) }]) };
}

const BODIES = ['', '+ACK', '+ACK', '+ACK', '-NAK', '-NAK', '-NAK {"delay":2000000000}', '+WPI', '+TERM', '+TERM why'];

function drawnBody(chance: Seeded): string {
  return chance.pick(BODIES);
}

function drawnWish(chance: Seeded): PullWish {
  const isOverflow = chance.once(6);
  return {
    batch: 1 + chance.below(4),
    expires: chance.once(3) ? 0 : 250 + 500 * chance.below(8),
    noWait: chance.once(4),
    maxBytes: chance.once(5) ? 90 + chance.below(200) : 0,
    minPending: isOverflow ? chance.below(4) : 0,
    minAckPending: isOverflow ? chance.below(4) : 0,
    priority: chance.below(3),
    pin: chance.once(2) ? 0 : 1 + chance.below(3),
  };
}

function drawnChanges(chance: Seeded, retention: PlainConfig['retention']): Partial<PlainConsumerConfig> {
  return chance.pick<Partial<PlainConsumerConfig>>([
    { max_ack_pending: chance.pick([2, 4, 1000]) },
    { max_deliver: chance.pick([3, 4, 5, -1]) },
    { headers_only: chance.once(2) },
    ...(retention === 'limits' ? [{ filter_subjects: chance.pick(FILTERS) }] : []),
  ]);
}

function drawnMake(chance: Seeded, retention: PlainConfig['retention'], name: string): ConsumerCommand {
  const isQueue = retention === 'workqueue';
  const ack = isQueue ? 'explicit' : chance.pick(['explicit', 'explicit', 'all', 'none'] as const);
  const policy = isQueue
    ? 'all'
    : chance.pick(['all', 'all', 'last', 'new', 'by_start_sequence', 'by_start_time'] as const);
  const filters = chance.pick(FILTERS);
  const backoff = ack !== 'none' && chance.once(4) ? [1 * SECOND, 3 * SECOND] : [];
  const isPush = chance.once(4);
  const group = isPush
    ? undefined
    : chance.pick([undefined, undefined, 'overflow', 'prioritized', 'pinned_client'] as const);
  const config: PlainConsumerConfig = {
    name,
    durable_name: name,
    deliver_policy: policy,
    ...(policy === 'by_start_sequence' ? { opt_start_seq: 1 + chance.below(12) } : {}),
    ack_policy: ack,
    ack_wait: backoff[0] ?? (1 + chance.below(4)) * SECOND,
    backoff,
    max_deliver: backoff.length > 0 ? chance.pick([-1, 3]) : chance.pick([-1, -1, 1, 2, 3]),
    max_ack_pending: ack === 'none' ? 0 : chance.pick([1, 3, 1000]),
    filter_subjects: filters,
    headers_only: chance.once(6),
    ...(isPush ? { deliver_subject: `push.${name}` } : { max_waiting: chance.pick([2, 512]) }),
    ...(group === undefined ? {} : { priority_policy: group, priority_groups: ['g'] }),
    ...(group === 'pinned_client' ? { priority_timeout: (1 + chance.below(4)) * SECOND } : {}),
  };
  return { kind: 'make', config, agoSeconds: chance.below(4) };
}
