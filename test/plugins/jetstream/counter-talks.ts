/** What streams count of what others count. */
import { batched, type Conversation, fast, type Said } from './said.ts';
import { api, info, pub, stream } from './words.ts';

const COUNTER = { allow_msg_counter: true };
const COMMIT = { 'Nats-Batch-Commit': '1' };

const add = (subject: string, increment: string, more: Readonly<Record<string, string>> = {}): Said =>
  pub(subject, '', { 'Nats-Incr': increment, ...more });
const settle = (afterMs: number): Said => ({ ...api('STREAM.NAMES'), afterMs });
const looks = (of: string, from: number, to: number): Said[] =>
  Array.from({ length: to - from + 1 }, (_, at) => api(`STREAM.MSG.GET.${of}`, { seq: from + at }));
const summed = (from: string, more: object = {}): object => ({
  sources: [{ name: from, subject_transforms: [{ src: `${from.toLowerCase()}.*`, dest: 'sum.all' }], ...more }],
});

export const COUNTER_TALKS: readonly Conversation[] = [
  {
    name: 'counters of another stream that are counted together',
    said: [
      stream('S', { ...COUNTER, allow_atomic: true }),
      ...[add('s.1', '5'), add('s.1', '+7'), add('s.2', '1')],
      stream('A', { ...COUNTER, allow_atomic: true, allow_batched: true, subjects: ['sum.>'], ...summed('S') }),
      settle(1_500),
      ...looks('A', 1, 3),
      add('sum.all', '1'),
      ...looks('A', 4, 4),
      batched('sum.all', '', 'b', 1, { 'Nats-Incr': '10' }),
      batched('sum.all', '', 'b', 2, { 'Nats-Incr': '10', ...COMMIT }),
      { ...fast('sum.all', 'f.2.ok.1.0', 1, ''), headers: { 'Nats-Incr': '4' } },
      { ...fast('sum.all', 'f.2.ok.2.2', 1, ''), headers: { 'Nats-Incr': '4' } },
      ...looks('A', 5, 8),
      batched('s.1', '', 'b', 1, { 'Nats-Incr': '-10' }),
      batched('s.1', '', 'b', 2, { 'Nats-Incr': '-10', ...COMMIT }),
      settle(300),
      ...looks('A', 9, 10),
      add('sum.all', '1', { 'Nats-Counter-Sources': 'x' }),
      ...looks('A', 11, 11),
      add('sum.new', '1', { 'Nats-Counter-Sources': 'x' }),
      add('sum.new', '1'),
      add('sum.other', '1', { 'Nats-Counter-Sources': '{"X":{"y<":"5"},"B":{}}' }),
      add('sum.other', '1'),
      api('STREAM.MSG.GET.A', { last_by_subj: 'sum.other' }),
      info('A'),
    ],
  },
  {
    name: 'counters that begin in the middle, or come once more',
    said: [
      stream('S', { ...COUNTER, subjects: ['s.*'] }),
      ...[add('s.1', '5'), add('s.1', '7'), add('s.1', '8')],
      stream('A', { ...COUNTER, subjects: ['sum.>'], ...summed('S', { opt_start_seq: 2 }) }),
      settle(1_500),
      ...looks('A', 1, 2),
      stream('P', { subjects: ['p'], sources: [{ name: 'A' }] }),
      settle(1_500),
      ...looks('P', 1, 2),
      api('STREAM.DELETE.S'),
      stream('T', { subjects: ['t.*'] }),
      ...[pub('t.1', 'no counter'), pub('t.1', '{"val":"4"}')],
      stream('N', { ...COUNTER, subjects: ['n'], sources: [{ name: 'T' }] }),
      settle(1_500),
      api('STREAM.MSG.GET.N', { seq: 1 }),
    ],
  },
];
