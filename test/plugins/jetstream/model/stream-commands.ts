/** What is done to a stream, by chance, as plain values: a story of them can be written down and told again. */
import type { Seeded } from '../../../fuzz/seeded.ts';
import { drawnLimits, type PlainConfig } from './plain-config.ts';
import type { Fields, Published } from './plain-stream.ts';

export type Command =
  | { readonly kind: 'publish'; readonly message: Published }
  | { readonly kind: 'batch'; readonly messages: readonly Published[]; readonly isEnded: boolean }
  | { readonly kind: 'delete'; readonly seq: number; readonly isErased: boolean }
  | { readonly kind: 'purge'; readonly request: { readonly seq?: number; filter?: string; keep?: number } }
  | { readonly kind: 'update'; readonly limits: number }
  | { readonly kind: 'seal' }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'backup' }
  | { readonly kind: 'get'; readonly request: object }
  | { readonly kind: 'look' };

const SEQUENCES = 40;
const FILTERS = ['s.0', 's.1', 's.2', 's.*', 's.>', 's.d.*', 's.d.0', 'x.y'];
const WEIGHTED: readonly (readonly [Command['kind'], number])[] = [
  ['publish', 30],
  ['batch', 4],
  ['delete', 5],
  ['purge', 3],
  ['update', 2],
  ['pass', 9],
  ['restart', 2],
  ['backup', 1],
  ['get', 6],
  ['look', 4],
];
const TOTAL = WEIGHTED.reduce((sum, [, weight]) => sum + weight, 0);

function drawnKind(chance: Seeded): Command['kind'] {
  let left = chance.below(TOTAL);
  for (const [kind, weight] of WEIGHTED) {
    if (left < weight) return kind;
    left -= weight;
  }
  return 'look';
}

export function drawnCommands(chance: Seeded, config: PlainConfig, count: number): Command[] {
  const commands = Array.from({ length: count }, () => drawnCommand(chance, config));
  if (chance.once(12)) commands.push({ kind: 'seal' }, drawnCommand(chance, config), drawnCommand(chance, config));
  return [...commands, { kind: 'look' }];
}

function drawnCommand(chance: Seeded, config: PlainConfig): Command {
  const kind = drawnKind(chance);
  switch (kind) {
    case 'batch': {
      const messages = Array.from({ length: 1 + chance.below(4) }, () => drawnMessage(chance, config));
      return { kind, messages, isEnded: chance.once(2) };
    }
    case 'delete':
      return { kind, seq: config.first_seq + chance.below(SEQUENCES), isErased: chance.once(2) };
    case 'purge':
      return { kind, request: drawnPurge(chance, config) };
    case 'update':
      return { kind, limits: chance.below(1_000_000) };
    case 'pass':
      return { kind, seconds: 1 + chance.below(6) };
    case 'get':
      return { kind, request: drawnGet(chance, config) };
    case 'publish':
      return { kind, message: drawnMessage(chance, config) };
    default:
      return { kind } as Command;
  }
}

/** The limits that an update brings. */
export function updated(config: PlainConfig, chance: Seeded): PlainConfig {
  return drawnLimits(chance, config);
}

function drawnPurge(chance: Seeded, config: PlainConfig): { seq?: number; filter?: string; keep?: number } {
  const request: { seq?: number; filter?: string; keep?: number } = {};
  if (chance.once(2)) request.filter = chance.pick(FILTERS);
  const bound = chance.below(4);
  if (bound < 2) request.seq = config.first_seq + 1 + chance.below(SEQUENCES);
  else if (bound === 2) request.keep = 1 + chance.below(4);
  return request;
}

function drawnGet(chance: Seeded, config: PlainConfig): object {
  const seq = config.first_seq + 1 + chance.below(SEQUENCES);
  return chance.pick([
    { seq },
    { last_by_subj: chance.pick(FILTERS) },
    { seq, next_by_subj: chance.pick(FILTERS) },
    { next_by_subj: chance.pick(FILTERS) },
    { seq, next_by_subj: chance.pick(FILTERS), no_hdr: true },
  ]);
}

function drawnMessage(chance: Seeded, config: PlainConfig): Published {
  const subject = chance.once(4) ? `s.d.${chance.below(2)}` : `s.${chance.below(3)}`;
  const body = config.allow_msg_counter && !chance.once(10) ? '' : 'x'.repeat(chance.below(80));
  return { subject, body, fields: drawnFields(chance, config) };
}

const small = (chance: Seeded): string => String(chance.below(SEQUENCES));

function drawnFields(chance: Seeded, config: PlainConfig): Fields {
  const fields: (readonly [string, string])[] = [];
  const add = (times: number, name: string, value: () => string): void => {
    if (chance.once(times)) fields.push([name, value()]);
  };
  add(5, 'X-Own', () => 'o'.repeat(chance.below(20)));
  if (config.allow_msg_counter && !chance.once(12)) {
    fields.push(['Nats-Incr', chance.pick(['1', '+5', '-3', '99999999999999999999', '0', 'a'])]);
  } else add(40, 'Nats-Incr', () => '1');
  add(4, 'Nats-Msg-Id', () => `id${chance.below(6)}`);
  add(12, 'Nats-Expected-Last-Msg-Id', () => `id${chance.below(6)}`);
  add(20, 'Nats-Expected-Stream', () => chance.pick(['S', 'T']));
  add(12, 'Nats-Expected-Last-Sequence', () => small(chance));
  add(10, 'Nats-Expected-Last-Subject-Sequence', () => small(chance));
  add(16, 'Nats-Expected-Last-Subject-Sequence-Subject', () => chance.pick(FILTERS));
  add(10, 'Nats-Rollup', () => chance.pick(['sub', 'sub', 'all', 'none']));
  add(5, 'Nats-TTL', () => chance.pick(['never', '2', `${1 + chance.below(20)}s`]));
  add(20, 'KV-Operation', () => chance.pick(['PURGE', 'DEL']));
  return fields;
}
