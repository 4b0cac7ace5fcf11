/** About servers and accounts that have little room: what is told at the limit, below it and beyond it. */
import type { Conversation, Said } from './said.ts';
import { api, pub } from './words.ts';

/** With what is configured for them. */
export interface LimitedConversation extends Conversation {
  readonly config: Readonly<Record<string, unknown>>;
  /** Of an account, where it is not the server that has little room. */
  readonly account?: Readonly<Record<string, number | boolean>>;
}

/** Everybody is in the account that has the limits. */
export function accountsWith(limits: LimitedConversation['account']): object {
  if (limits === undefined) return {};
  const users = [{ user: 'a', password: 'a' }];
  return { accounts: { A: { jetstream: limits, users } }, no_auth_user: 'a' };
}

const body = (name: string, storage: string, maxBytes: number): object => ({
  name,
  subjects: [`${name.toLowerCase()}.>`],
  storage,
  max_bytes: maxBytes,
});
const backup = (name: string, more: object): Said =>
  api(`STREAM.RESTORE.${name}`, { config: { name, ...more }, state: EMPTY });
const EMPTY = { messages: 0, bytes: 0, first_seq: 0, last_seq: 0, consumer_count: 0 };
const make = (name: string, storage: string, maxBytes = -1): Said =>
  api(`STREAM.CREATE.${name}`, body(name, storage, maxBytes));
const change = (name: string, storage: string, maxBytes: number): Said =>
  api(`STREAM.UPDATE.${name}`, body(name, storage, maxBytes));
const fill = (name: string, times: number): readonly Said[] =>
  Array.from({ length: times }, () => pub(`${name.toLowerCase()}.1`, 'x'.repeat(1000)));

/** Too large for a stream, or for the account; some of it wrong in another way as well. */
const UNTAKEN: readonly object[] = [
  ...[10_000, 1000, 950].flatMap((max_bytes) => [{}, { storage: 'file' }].map((more) => ({ max_bytes, ...more }))),
  { max_bytes: 950, storage: 'memory' },
  ...[{ max_age: -1 }, { subjects: ['a..b'] }, { num_replicas: 3 }, { num_replicas: 7 }, { max_consumers: 9 }].map(
    (more) => ({ max_bytes: 10_000, ...more }),
  ),
  ...[{ placement: { preferred: 'x' } }, { subject_transform: { src: 'a.*', dest: 'b.$3' } }].map((more) => ({
    max_bytes: 1000,
    ...more,
  })),
  { max_bytes: 500, max_consumers: 9 },
];

export const LIMIT_CONVERSATIONS: readonly LimitedConversation[] = [
  {
    name: 'what a server has promised to streams',
    config: { max_mem: 3000, max_file: 3000 },
    said: [
      make('M', 'memory', 2999),
      make('N', 'memory', 2),
      make('O', 'memory'),
      make('N', 'memory', 1),
      make('P', 'memory'),
      change('M', 'memory', 3000),
      change('M', 'memory', 2000),
      change('M', 'memory', 2999),
      change('M', 'memory', -1),
      change('O', 'memory', 2999),
      change('O', 'memory', 3000),
      api('INFO'),
      make('F', 'file', 3001),
      make('F', 'file', 3000),
      make('G', 'file'),
      make('G', 'file', 1),
      change('F', 'file', 3001),
      change('F', 'file', 1000),
      make('G', 'file', 2000),
      api('INFO'),
      api('STREAM.DELETE.F'),
      make('H', 'file', 1001),
      make('H', 'file', 1000),
      api('INFO'),
    ],
  },
  {
    name: 'a server whose streams are full',
    config: { max_mem: 3000, max_file: 3000 },
    said: [
      make('M', 'memory'),
      ...fill('M', 4),
      make('N', 'memory', 500),
      ...fill('N', 1),
      make('F', 'file'),
      ...fill('F', 4),
      make('G', 'file', 500),
      ...fill('G', 1),
      api('INFO'),
      api('STREAM.PURGE.F'),
      ...fill('F', 4),
      api('STREAM.DELETE.F'),
      pub('g.1', 'y'),
      api('INFO'),
    ],
  },
  {
    name: 'a server that has no room for streams at all',
    config: { max_mem: 0, max_file: 0 },
    said: [make('M', 'memory'), make('M', 'memory', 1), make('F', 'file'), make('F', 'file', 1), api('INFO')],
  },
  {
    name: 'an account whose streams may be so large, and so many',
    config: {},
    account: {
      ...{ max_mem: 1000, max_file: 1200, max_streams: 3, max_consumers: 3, max_ack_pending: 100 },
      ...{ mem_max_stream_bytes: 700, disk_max_stream_bytes: 900 },
    },
    said: [
      ...UNTAKEN.flatMap((config) => [api('STREAM.CREATE.X', { name: 'X', ...config })]),
      make('F', 'file', 500),
      ...UNTAKEN.flatMap((config) => [api('STREAM.CREATE.F', { name: 'F', ...config })]),
      ...UNTAKEN.flatMap((config) => [api('STREAM.UPDATE.F', { name: 'F', subjects: ['f.>'], ...config })]),
      ...UNTAKEN.flatMap((config) => [backup('F', config)]),
      backup('X', { name: 'Y', max_bytes: 1000 }),
      backup('X', { name: 'a.b' }),
      api('STREAM.UPDATE.G', { name: 'G', max_bytes: 1000 }),
      ...['M', 'N', 'O'].map((name) => make(name, 'memory', 300)),
      api('INFO'),
    ],
  },
  {
    name: 'an account whose streams have to say how large they may be',
    config: {},
    account: { max_bytes_required: true, max_file: 1000 },
    said: [
      ...[-1, 0, 500].map((bytes) => make('F', 'file', bytes)),
      ...[-1, 0, 600].map((bytes) => change('F', 'file', bytes)),
      ...[-1, 500].map((max_bytes) => backup('F', { max_bytes })),
      make('M', 'memory'),
      api('INFO'),
    ],
  },
];
