/** What goes beyond single requests: purges beside what waits, pauses, batches of schedules, readers that are given, and what is told. */
import type { Conversation, Said } from './said.ts';
import { about, ack, api, consumer, info, listen, next, pub, stream } from './words.ts';

/** What came on its own is told here. */
const settle = (ms = 80): Said => ({ ...api('STREAM.NAMES'), afterMs: ms });

const PURGES: readonly (object | 'sub' | 'all')[] = [
  { filter: '1' },
  { filter: '*' },
  { filter: '1', keep: 1 },
  { filter: '1', seq: 5 },
  { filter: '1', seq: 2 },
  { seq: 4 },
  { keep: 2 },
  {},
  'sub',
  'all',
];

function purged(storage: 'memory' | 'file', request: object | 'sub' | 'all', at: number): Said[] {
  const name = `${storage === 'memory' ? 'M' : 'F'}${at}`;
  const prefix = name.toLowerCase();
  const under = { ...(request as { filter?: string }) };
  if (under.filter !== undefined) under.filter = `${prefix}.${under.filter}`;
  return [
    stream(name, { storage, allow_rollup_hdrs: true }),
    ...[1, 2, 1, 2, 1, 2].map((token) => pub(`${prefix}.${token}`)),
    consumer(name, 'A'),
    consumer(name, 'F', { filter_subject: `${prefix}.1` }),
    consumer(name, 'M', { filter_subjects: [`${prefix}.1`, `${prefix}.2`] }),
    next(`${name}.A`, '4', 4),
    next(`${name}.F`, '2', 2),
    next(`${name}.M`, '4', 4),
    typeof request === 'string'
      ? pub(`${prefix}.1`, 'r', { 'Nats-Rollup': request })
      : api(`STREAM.PURGE.${name}`, under),
    settle(),
    ...['A', 'F', 'M'].map((each) => about(name, each)),
  ];
}

const PAUSE = { pause_until: '2040-01-01T00:00:00Z' };

const pauses: readonly Said[] = [
  listen('$JS.EVENT.ADVISORY.CONSUMER.PAUSE.>'),
  stream('S'),
  consumer('S', 'A', { max_ack_pending: 5 }),
  ...[{}, PAUSE, PAUSE].flatMap((request) => [api('CONSUMER.PAUSE.S.A', request), settle()]),
  ...[5, 6].flatMap((most) => [consumer('S', 'A', { max_ack_pending: most }), settle()]),
  ...[{}, { pause_until: '2001-01-01T00:00:00Z' }].flatMap((request) => [api('CONSUMER.PAUSE.S.A', request), settle()]),
  consumer('S', 'A', { max_ack_pending: 9 }),
  settle(),
  consumer('S', 'B', { pause_until: '2001-01-01T00:00:00Z' }),
  settle(),
  consumer('S', 'C', { pause_until: '2041-01-01T00:00:00Z' }),
  settle(),
  about('S', 'C'),
];

const AT = { 'Nats-Schedule': '@at 2040-01-01T00:00:00Z', 'Nats-Schedule-Target': 's.t' };
const COMMIT = { 'Nats-Batch-Commit': '1' };
const batched = (subject: string, id: string, at: number, more: Record<string, string> = {}): Said =>
  pub(subject, 'x', { 'Nats-Batch-Id': id, 'Nats-Batch-Sequence': String(at), ...more });
/** Between two others. */
const among = (id: string, subject: string, headers: Record<string, string>): Said[] => [
  batched('s.1', id, 1),
  batched(subject, id, 2, headers),
  batched('s.3', id, 3, COMMIT),
];

const schedules: readonly Said[] = [
  stream('S', { allow_atomic: true, allow_msg_schedules: true, allow_msg_ttl: true }),
  ...among('a', 's.2', AT),
  info('S'),
  api('STREAM.MSG.GET.S', { last_by_subj: 's.2' }),
  batched('s.2', 'b', 1, { ...AT, ...COMMIT }),
  info('S'),
  batched('s.2', 'c', 1, AT),
  batched('s.2', 'c', 2, { ...AT, ...COMMIT }),
  ...among('d', 's.2', { 'Nats-Schedule': '@bad' }),
  ...among('e', 's.2', { ...AT, 'Nats-Schedule-Target': 's.2' }),
  ...among('f', 's.2', { ...AT, 'Nats-Rollup': 'all' }),
  ...among('g', 's.2', { ...AT, 'Nats-Schedule-TTL': 'bad' }),
  ...among('h', 's.9', { 'Nats-Scheduler': 's.2', 'Nats-Schedule-Next': 'purge' }),
  info('S'),
  ...among('i', 's.9', { 'Nats-Scheduler': 's.1', 'Nats-Schedule-Next': 'purge' }),
  batched('s.2', 'j', 1, { ...AT, 'Nats-Schedule': '@at 2000-01-01T00:00:00Z', ...COMMIT }),
  settle(800),
  info('S'),
  batched('s.5', 'k', 1, AT),
  batched('s.5', 'k', 2, { 'Nats-Batch-Commit': 'eob' }),
  info('S'),
  stream('N', { allow_atomic: true }),
  ...['Nats-Schedule-Next', 'Nats-Scheduler'].flatMap((name, at) => [
    batched('n.1', `n${at}`, 1, { [name]: 'purge' }),
    batched('n.1', `n${at}`, 2, COMMIT),
    pub('n.1', 'x', { [name]: 'purge' }),
  ]),
];

const READER = { ack_policy: 'flow_control', max_ack_pending: 1000 };

const readers: readonly Said[] = [
  stream('O'),
  ...['o.1', 'o.2', 'o.1'].map((subject) => pub(subject)),
  consumer('O', 'X', { ...READER, deliver_subject: 'read.x' }),
  stream('M', { subjects: undefined, mirror: { name: 'O', consumer: { name: 'X', deliver_subject: 'read.x' } } }),
  settle(1_600),
  info('M'),
  about('O', 'X'),
  pub('o.1'),
  settle(1_600),
  info('M'),
  about('O', 'X'),
  consumer('O', 'Y', { ...READER, deliver_subject: 'read.y', filter_subject: 'o.1' }),
  stream('T', { subjects: ['t'], sources: [{ name: 'O', consumer: { name: 'Y', deliver_subject: 'read.y' } }] }),
  settle(1_600),
  info('T'),
  api('STREAM.MSG.GET.T', { seq: 1 }),
  about('O', 'Y'),
  consumer('O', 'Z', { deliver_subject: 'read.z' }),
  stream('N', { subjects: undefined, mirror: { name: 'O', consumer: { name: 'Z', deliver_subject: 'read.z' } } }),
  stream('Q', { subjects: ['q'], sources: [{ name: 'O', consumer: { name: 'Z', deliver_subject: 'read.z' } }] }),
  settle(1_000),
  info('N'),
  info('Q'),
];

const told: readonly Said[] = [
  listen('$JS.EVENT.>'),
  stream('S'),
  settle(),
  api('INFO'),
  api('STREAM.INFO.S', { deleted_details: true }),
  api('STREAM.INFO.X'),
  api('CONSUMER.CREATE.S', '{bad'),
  api('STREAM.MSG.GET.S', { seq: 1 }),
  settle(),
  pub('s.1'),
  api('STREAM.MSG.GET.S', { seq: 1 }),
  settle(),
  consumer('S', 'A'),
  next('S.A', '1'),
  api('CONSUMER.RESET.S.A'),
  api('CONSUMER.UNPIN.S.A', { group: 'x' }),
  api('STREAM.PURGE.S', 'xx'),
  api('STREAM.LEADER.STEPDOWN.S'),
  settle(),
  api('STREAM.SNAPSHOT.S', { deliver_subject: 'nobody.listens' }),
  settle(2_600),
  api('STREAM.DELETE.S'),
  api('STREAM.NAMES', { offset: 0 }, { 'Nats-Required-Api-Level': '99' }),
  settle(),
];

const large: readonly Said[] = [
  stream('S'),
  ...[1, 2, 1, 2, 1, 2].map((token) => pub(`s.${token}`)),
  consumer('S', 'A', { filter_subject: 's.2' }),
  next('S.A', { batch: 3, expires: 3e7, max_bytes: 40 }),
  about('S', 'A'),
  next('S.A', '1'),
  about('S', 'A'),
  next('S.A', { batch: 3, expires: 3e7, max_bytes: 40 }),
  api('STREAM.PURGE.S', { filter: 's.2', keep: 2 }),
  about('S', 'A'),
  consumer('S', 'B', { max_ack_pending: 1 }),
  next('S.B', '1'),
  ack('S.B', '1.1.1', '-NAK'),
  next('S.B', { batch: 1, expires: 3e7, max_bytes: 30 }),
  about('S', 'B'),
  next('S.B', { batch: 1, expires: 3e7 }),
  about('S', 'B'),
];

export const API_TALKS: readonly Conversation[] = [
  {
    name: 'purges beside what waits, in memory',
    said: [
      listen('$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>'),
      ...PURGES.flatMap((one, at) => purged('memory', one, at)),
    ],
  },
  {
    name: 'purges beside what waits, in files',
    said: [
      listen('$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>'),
      ...PURGES.flatMap((one, at) => purged('file', one, at)),
    ],
  },
  { name: 'consumers that are paused, and found paused', said: pauses },
  { name: 'schedules within batches', said: schedules },
  { name: 'readers that are given to mirrors and sources', said: readers },
  { name: 'what is told of requests', said: told },
  { name: 'requests that are too small for what is next', said: large },
];
