/** About servers and accounts that have little room: what is told at the limit, below it and beyond it. */
import type { Conversation, Said } from './said.ts';
import { api, pub } from './words.ts';

/** With what is configured for them. */
export interface LimitedConversation extends Conversation {
  readonly config: Readonly<Record<string, unknown>>;
}

const body = (name: string, storage: string, maxBytes: number): object => ({
  name,
  subjects: [`${name.toLowerCase()}.>`],
  storage,
  max_bytes: maxBytes,
});
const make = (name: string, storage: string, maxBytes = -1): Said =>
  api(`STREAM.CREATE.${name}`, body(name, storage, maxBytes));
const change = (name: string, storage: string, maxBytes: number): Said =>
  api(`STREAM.UPDATE.${name}`, body(name, storage, maxBytes));
const fill = (name: string, times: number): readonly Said[] =>
  Array.from({ length: times }, () => pub(`${name.toLowerCase()}.1`, 'x'.repeat(1000)));

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
];
