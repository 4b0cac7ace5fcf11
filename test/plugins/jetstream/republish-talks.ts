/** What streams tell others of the messages that they store: of all of them, however they came. */
import { batched, type Conversation, fast, type Said } from './said.ts';
import { info, listen, pub, stream } from './words.ts';

const COMMIT = { 'Nats-Batch-Commit': '1' };
const REPUBLISH = { republish: { src: '>', dest: 'told.>' } };

const seen = (name: string, afterMs: number): Said => ({ ...info(name), afterMs });

export const REPUBLISH_TALKS: readonly Conversation[] = [
  {
    name: 'messages of batches that are told of',
    said: [
      listen('told.>'),
      stream('A', { allow_atomic: true, allow_batched: true, allow_rollup_hdrs: true, ...REPUBLISH }),
      pub('a.1'),
      batched('a.1', 'a', 'b1', 1),
      batched('a.2', 'b', 'b1', 2, { 'Nats-Rollup': 'sub' }),
      batched('a.1', 'c', 'b1', 3, COMMIT),
      seen('A', 100),
      batched('a.1', 'a', 'b2', 1),
      batched('a.1', '', 'b2', 2, { 'Nats-Batch-Commit': 'eob' }),
      batched('a.1', 'a', 'b3', 1, { 'Nats-Expected-Last-Sequence': '1' }),
      batched('a.1', 'never', 'b3', 2, COMMIT),
      fast('a.1', 'f1.2.ok.1.0', 1),
      fast('a.2', 'f1.2.ok.2.1', 1),
      fast('a.1', 'f1.2.ok.3.2', 1),
      seen('A', 100),
    ],
  },
  {
    name: 'batches of counters that are told of',
    said: [
      listen('told.>'),
      stream('C', { allow_msg_counter: true, allow_atomic: true, allow_batched: true, ...REPUBLISH }),
      pub('c.1', '', { 'Nats-Incr': '1' }),
      batched('c.1', '', 'b', 1, { 'Nats-Incr': '2' }),
      batched('c.1', '', 'b', 2, { 'Nats-Incr': '3', ...COMMIT }),
      { ...fast('c.1', 'f.2.ok.1.0', 1, ''), headers: { 'Nats-Incr': '4' } },
      { ...fast('c.1', 'f.2.ok.2.2', 1, ''), headers: { 'Nats-Incr': '5' } },
      seen('C', 100),
    ],
  },
  {
    name: 'what time makes of messages is told of',
    said: [
      listen('told.>'),
      stream('T', { allow_msg_ttl: true, subject_delete_marker_ttl: 1e9, allow_atomic: true, ...REPUBLISH }),
      stream('P', { allow_msg_schedules: true, ...REPUBLISH }),
      pub('t.1', 'a', { 'Nats-TTL': '1' }),
      pub('p.1', 'a', { 'Nats-Schedule': '@every 2s', 'Nats-Schedule-Target': 'p.2' }),
      seen('T', 3_200),
    ],
  },
  {
    name: 'what comes from other streams, and what does not stay, is told of',
    said: [
      listen('told.>'),
      stream('S'),
      stream('M', { subjects: undefined, mirror: { name: 'S' }, ...REPUBLISH }),
      stream('F', { subjects: undefined, sources: [{ name: 'S', filter_subject: 's.1' }], ...REPUBLISH }),
      stream('L', { max_bytes: 10, ...REPUBLISH }),
      stream('I', { retention: 'interest', ...REPUBLISH }),
      pub('s.1', 'a'),
      pub('s.2', 'b'),
      pub('s.1', 'c'),
      seen('M', 300),
      pub('l.1', 'too much to stay'),
      pub('i.1', 'for nobody'),
      seen('L', 100),
    ],
  },
  {
    name: 'room that a batch would make for itself',
    said: [
      stream('R', { allow_atomic: true, allow_rollup_hdrs: true, discard: 'new', max_msgs: 3 }),
      stream('O', {
        allow_atomic: true,
        allow_rollup_hdrs: true,
        discard: 'new',
        discard_new_per_subject: true,
        max_msgs_per_subject: 2,
      }),
      pub('r.1'),
      pub('r.1'),
      pub('r.2'),
      batched('r.1', 'a', 'b1', 1, { 'Nats-Rollup': 'all' }),
      batched('r.2', 'b', 'b1', 2, COMMIT),
      batched('r.1', 'a', 'b2', 1, { 'Nats-Rollup': 'sub', ...COMMIT }),
      pub('r.1', 'a', { 'Nats-Rollup': 'all' }),
      info('R'),
      pub('o.1'),
      pub('o.1'),
      batched('o.2', 'a', 'b1', 1),
      batched('o.1', 'b', 'b1', 2, COMMIT),
      batched('o.2', 'a', 'b2', 1),
      batched('o.1', 'b', 'b2', 2, { 'Nats-Rollup': 'sub', ...COMMIT }),
      batched('o.1', 'a', 'b3', 1, { 'Nats-Rollup': 'all' }),
      batched('o.2', 'b', 'b3', 2),
      batched('o.2', 'b', 'b3', 3, COMMIT),
      info('O'),
    ],
  },
];
