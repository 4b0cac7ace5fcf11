/** Requests of each kind with contents of each kind: what fits, what is at the edge, and what is no request at all. */
import type { Conversation, Said } from './said.ts';
import { api, consumer, pub, stream } from './words.ts';

const SETUP: readonly Said[] = [stream('S', { allow_direct: true }), pub('s.1'), pub('s.2'), consumer('S', 'C')];
/** Those are answered by nobody, or not whatever they hold. */
const SILENT = ['FOO', 'STREAM', 'STREAM.INFO', 'STREAM.INFO.A.B', 'STREAM.TEMPLATE.NAMES', 'CONSUMER.MSG.NEXT.S.C'];
const PATIENCE_MS = 250;

const ENDPOINTS = [
  ...['INFO', 'STREAM.NAMES', 'STREAM.LIST', 'STREAM.INFO.S', 'STREAM.INFO.X'],
  ...['STREAM.CREATE.S', 'STREAM.CREATE.N', 'STREAM.UPDATE.S', 'STREAM.UPDATE.X', 'STREAM.DELETE.X'],
  ...['STREAM.PURGE.S', 'STREAM.PURGE.X', 'STREAM.MSG.GET.S', 'STREAM.MSG.GET.X', 'STREAM.MSG.DELETE.S'],
  ...['STREAM.MSG.DELETE.X', 'STREAM.SNAPSHOT.S', 'STREAM.SNAPSHOT.X', 'STREAM.RESTORE.S'],
  ...['STREAM.LEADER.STEPDOWN.S', 'STREAM.PEER.REMOVE.S'],
  ...['CONSUMER.NAMES.S', 'CONSUMER.NAMES.X', 'CONSUMER.LIST.X', 'CONSUMER.INFO.S.C', 'CONSUMER.INFO.S.X'],
  ...['CONSUMER.INFO.X.C', 'CONSUMER.DELETE.S.X', 'CONSUMER.DELETE.X.C', 'CONSUMER.CREATE.X', 'CONSUMER.CREATE.S.D'],
  ...['CONSUMER.CREATE.S.D.s.1', 'CONSUMER.CREATE.X.D', 'CONSUMER.DURABLE.CREATE.S.D', 'CONSUMER.DURABLE.CREATE.X.D'],
  ...['CONSUMER.PAUSE.S.C', 'CONSUMER.PAUSE.S.X', 'CONSUMER.PAUSE.X.C', 'CONSUMER.UNPIN.S.C', 'CONSUMER.UNPIN.S.X'],
  ...[
    'CONSUMER.UNPIN.X.C',
    'CONSUMER.RESET.S.C',

    'CONSUMER.LEADER.STEPDOWN.S.C',
    'DIRECT.GET.S',
  ],
];

const BODIES = [
  ...[
    '',
    '{}',
    ' ',
    '{',
    'null',
    '[]',
    '"x"',
    '5',
    'true',
    '{}x',
    '\u0000',
    '{"a":1}',
    '{"offset":-1}',
    '{"offset":1e99}',
  ],
  ...['{"offset":"1"}', '{"offset":2}', '{"subject":5}', '{"subject":"s.>"}', '{"seq":1}', '{"seq":0}', '{"seq":-1}'],
  ...['{"last_by_subj":"s.1"}', '{"filter":"s.>"}', '{"name":"S"}', '{"name":"N","subjects":["n"]}', '{"group":"x"}'],
  ...['{"name":"X","subjects":["s.>"]}', '{"name":"S","name":"T"}', '{"NAME":"N","Subjects":["n"]}', '{"a":"\\ud800"}'],
  ...['{"stream_name":"S"}', '{"stream_name":"S","config":{}}', '{"deliver_subject":""}', '{"deliver_subject":"a b"}'],
  '{"stream_name":"S","config":{"durable_name":"D","ack_policy":"explicit"}}',
  '{"stream_name":"X","config":{"durable_name":"D"}}',
  '{"stream_name":"S","config":{"name":"D","filter_subject":"s.1"},"action":"create"}',
  '{"stream_name":"S","config":{"name":"D"},"action":"update"}',
  '{"stream_name":"S","config":{"name":"D"},"action":"bad"}',
  ...['{"pause_until":"2040-01-01T00:00:00Z"}', '{"pause_until":"x"}', '{"pause_until":"2001-01-01T00:00:00Z"}'],
  ...['{"batch":1,"no_wait":true}', '{"batch":-1,"no_wait":true}'],
];

const LEVELS = ['0', '1', '4', '5', '6', '99', '', 'x', '-1', ' 5', '5 ', '+5', '05', '5.0', '99999999999999999999'];

function levels(level: string): Said[] {
  const header = { 'Nats-Required-Api-Level': level };
  const asked = [
    api('INFO', '', header),
    api('STREAM.INFO.S', '', header),
    api('CONSUMER.MSG.NEXT.S.C', '{"batch":1,"no_wait":true}', header),
    api('DIRECT.GET.S', '{"seq":1}', header),
    pub('s.1', 'x', header),
    api('FOO', '', header),
  ];
  return asked.map((said) => ({ ...said, patienceMs: PATIENCE_MS }));
}

const WRONG_SEQUENCES = [
  '{"seq":1,"last_by_subj":"x"}',
  '{"next_by_subj":"x","last_by_subj":"y"}',
  '{"seq":1,"multi_last":["a"]}',
];
const GETS = [
  ...WRONG_SEQUENCES,
  ...['{"start_time":"2020-01-01T00:00:00Z"}', '{"batch":2}', '{"multi_last":["a"]}', '{"next_by_subj":"a..b"}'],
  ...['{"last_by_subj":"a b"}', '{"last_by_subj":"*"}', '{"seq":1,"no_hdr":true}', '', ' ', '{}', 'null'],
  '{"seq":1,"start_time":"2020-01-01T00:00:00Z"}',
];

/** What is said of a consumer, beside its name and that acknowledgements are explicit. */
const FIELDS: readonly object[] = [
  ...['none', 'all', 'flow_control', 'bad', 5].map((ack_policy) => ({ ack_policy })),
  ...['last', 'new', 'by_start_sequence', 'by_start_time', 'last_per_subject', 'x'].map((deliver_policy) => ({
    deliver_policy,
  })),
  ...[0, 9].map((opt_start_seq) => ({ deliver_policy: 'by_start_sequence', opt_start_seq })),
  ...['2020-01-01T00:00:00Z', 'x'].map((opt_start_time) => ({ deliver_policy: 'by_start_time', opt_start_time })),
  { deliver_policy: 'last_per_subject', filter_subject: 's.>' },
  { deliver_policy: 'all', opt_start_seq: 3 },
  ...[0, -1, 1, 1e20, '1s'].map((ack_wait) => ({ ack_wait })),
  ...[0, -2, 5].map((max_deliver) => ({ max_deliver })),
  ...[[], [1e9], [1, 2], [-1, 5], 'x'].map((backoff) => ({ backoff })),
  ...[1, 2, 3].map((max_deliver) => ({ backoff: [1e9, 2e9], max_deliver })),
  ...['x', '', 's.>', 's..1', 's.1 '].map((filter_subject) => ({ filter_subject })),
  ...[[], [''], ['s.1', 's.1'], ['s.1', 's.>'], ['s.1', '']].map((filter_subjects) => ({ filter_subjects })),
  { filter_subjects: ['s.1', 's.2'], filter_subject: 's.1' },
  ...['original', 'x'].map((replay_policy) => ({ replay_policy })),
  ...['50', '50%', '101', 'x', '-1'].map((sample_freq) => ({ sample_freq })),
  ...[0, -1, -2, 10].map((max_ack_pending) => ({ max_ack_pending })),
  ...[0, -1, 5].map((max_waiting) => ({ max_waiting })),
  ...[-1, 10].map((max_batch) => ({ max_batch })),
  ...[1, 1e9, -1].map((max_expires) => ({ max_expires })),
  ...[10, -1].map((max_bytes) => ({ max_bytes })),
  ...[-1, 1e9].map((inactive_threshold) => ({ inactive_threshold })),
  ...[0, 1, 3, -1, 6].map((num_replicas) => ({ num_replicas })),
  ...[{ a: 'b' }, { '_nats.x': 'b' }, 'x'].map((metadata) => ({ metadata })),
  ...['2040-01-01T00:00:00Z', '2001-01-01T00:00:00Z'].map((pause_until) => ({ pause_until })),
  ...['overflow', 'pinned_client', 'prioritized', 'none', 'x'].flatMap((priority_policy) => [
    { priority_policy },
    ...[['a'], ['a', 'b'], [''], ['a b'], ['a'.repeat(17)]].map((priority_groups) => ({
      priority_policy,
      priority_groups,
    })),
    { priority_policy, priority_groups: ['a'], priority_timeout: 1e9 },
  ]),
  ...[4096, 4097].map((length) => ({ description: 'x'.repeat(length) })),
  ...['E', 'a.b', ''].map((name) => ({ name })),
  ...[
    { rate_limit_bps: 1000 },
    { idle_heartbeat: 1e9 },
    { flow_control: true },
    { headers_only: true },
    { unknown: 1 },
  ],
  ...[{ mem_storage: true }, { direct: true }, { priority_groups: ['a'] }],
];

const PUSHED: readonly object[] = [
  ...['p', 's.9', 'p.*', 'p q', '$JS.x'].map((deliver_subject) => ({ deliver_subject })),
  ...['g', 'g h'].map((deliver_group) => ({ deliver_subject: 'p', deliver_group })),
  { deliver_group: 'g' },
  ...[1e9, 1, -1].map((idle_heartbeat) => ({ deliver_subject: 'p', idle_heartbeat })),
  { deliver_subject: 'p', flow_control: true },
  { deliver_subject: 'p', flow_control: true, idle_heartbeat: 1e9 },
  ...[{ max_waiting: 5 }, { max_batch: 5 }, { max_expires: 5e9 }, { max_bytes: 5 }, { rate_limit_bps: 5 }].map(
    (own) => ({
      deliver_subject: 'p',
      ...own,
    }),
  ),
  { deliver_subject: 'p', ack_policy: 'none', max_ack_pending: 5 },
  { deliver_subject: 'p', ack_policy: 'flow_control', max_ack_pending: 100 },
  { deliver_subject: 'p', ack_policy: 'flow_control', flow_control: true, idle_heartbeat: 1e9, max_ack_pending: 100 },
  { deliver_subject: 'p', priority_policy: 'overflow', priority_groups: ['a'] },
];

const BEFORE: readonly object[] = [
  {},
  { deliver_subject: 'p' },
  { backoff: [1e9, 2e9], max_deliver: 4 },
  { priority_policy: 'pinned_client', priority_groups: ['a'] },
  { filter_subject: 's.1' },
  { ack_policy: 'none' },
  { deliver_policy: 'by_start_sequence', opt_start_seq: 2 },
];

const made = (config: object, more: object = {}): Said =>
  api('CONSUMER.CREATE.S.D', {
    stream_name: 'S',
    config: { name: 'D', durable_name: 'D', ack_policy: 'explicit', ...config },
    ...more,
  });
const GONE = api('CONSUMER.DELETE.S.D');

export const REQUEST_TABLES: readonly Conversation[] = [
  ...ENDPOINTS.map((endpoint) => ({
    name: `${endpoint} with contents of each kind`,
    said: [...SETUP, ...BODIES.map((body) => api(endpoint, body))],
  })),
  {
    name: 'requests that nobody answers',
    said: [
      ...SETUP,
      ...SILENT.flatMap((one) =>
        ['', '{}', '{', '{"batch":1,"no_wait":true}'].map((body) => ({ ...api(one, body), patienceMs: PATIENCE_MS })),
      ),
    ],
  },
  { name: 'levels of the API that are asked for', said: [...SETUP, ...LEVELS.flatMap(levels)] },
  {
    name: 'requests for messages that contradict themselves',
    said: [
      ...SETUP,
      ...GETS.flatMap((body) => [
        api('STREAM.MSG.GET.S', body),
        api('STREAM.MSG.GET.X', body),
        { ...api('DIRECT.GET.S', body), answers: 4, endsWithStatus: true, patienceMs: PATIENCE_MS },
      ]),
    ],
  },
  ...['limits', 'workqueue', 'interest'].map((retention) => ({
    name: `consumers of each kind under ${retention}`,
    said: [
      stream('S', { retention }),
      ...[...FIELDS, ...PUSHED].flatMap((one) => [made(one), api('CONSUMER.INFO.S.D'), GONE]),
    ],
  })),
  {
    name: 'consumers of each kind, taken at their word',
    said: [
      stream('S', { consumer_limits: { max_ack_pending: 50, inactive_threshold: 5e9 } }),
      ...[...FIELDS, ...PUSHED].flatMap((one) => [made(one, { pedantic: true }), GONE]),
    ],
  },
  ...BEFORE.map((before) => ({
    name: `changes of a consumer ${JSON.stringify(before)}`,
    said: [
      stream('S'),
      ...[...FIELDS, ...PUSHED].flatMap((one) => [
        made(before),
        made({ ...before, ...one }, { action: 'update' }),
        api('CONSUMER.INFO.S.D'),
        GONE,
      ]),
    ],
  })),
];
