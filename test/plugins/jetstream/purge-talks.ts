/** Where consumers stand after purges of what was delivered to them, of what was not, and of more than is for them. */
import type { Conversation, Said } from './said.ts';
import { about, ack, api, consumer, info, next, pub, stream } from './words.ts';

const ONE = ['1', '2', '2', '2', '1', '2', '1'];
const OTHER = ['2', '1', '1', '2', '2', '1', '2', '1'];

interface Purged {
  readonly subjects: readonly string[];
  readonly acked?: readonly string[];
  readonly request: object;
}

/** Consumers of one subject that have had everything there is for them. */
const DELIVERED: readonly Purged[] = [
  { subjects: ONE, request: { seq: 2 } },
  { subjects: ONE, request: { seq: 3 } },
  { subjects: OTHER, request: { seq: 4 } },
  { subjects: ONE, request: { filter: 's.1', keep: 2 } },
  { subjects: ONE, request: { filter: 's.1', seq: 4 } },
  { subjects: OTHER, request: { filter: 's.*', seq: 4 } },
  { subjects: OTHER, request: { filter: 's.2' } },
  { subjects: OTHER, acked: ['1.2.1'], request: { seq: 3 } },
  { subjects: OTHER, acked: ['1.3.2'], request: { seq: 3 } },
  { subjects: OTHER, acked: ['1.6.3'], request: { seq: 4 } },
  { subjects: OTHER, request: { keep: 5 } },
];

function floor(storage: string, { subjects, acked = [], request }: Purged, at: number): Said[] {
  const name = `F${at}`;
  const own = (token: string): string => `f${at}.${token}`;
  const purge = JSON.parse(JSON.stringify(request).replaceAll('s.', `f${at}.`)) as object;
  return [
    stream(name, { storage }),
    ...subjects.map((token) => pub(own(token))),
    consumer(name, 'C', { filter_subject: own('1') }),
    next(`${name}.C`, '9', subjects.filter((token) => token === '1').length),
    ...acked.map((which) => ack(`${name}.C`, which)),
    api(`STREAM.PURGE.${name}`, purge),
    { ...about(name, 'C'), afterMs: 20 },
    info(name),
  ];
}

/** What is to come is counted to the end, whoever needs the messages that are gone. */
function counted(storage: string, retention: string, config: object, at: number): Said[] {
  const name = `N${at}`;
  return [
    stream(name, { storage, retention }),
    pub(`n${at}.0`),
    consumer(name, 'C', config),
    pub(`n${at}.1`),
    about(name, 'C'),
    api(`STREAM.PURGE.${name}`, { filter: `n${at}.1` }),
    about(name, 'C'),
    pub(`n${at}.1`),
    about(name, 'C'),
    { ...next(`${name}.C`, { batch: 5, no_wait: true }, 6), endsWithStatus: true },
    about(name, 'C'),
  ];
}

export const PURGE_TALKS: readonly Conversation[] = [
  {
    name: 'floors after purges, in memory and in files',
    said: ['memory', 'file'].flatMap((storage, half) =>
      DELIVERED.flatMap((one, at) => floor(storage, one, 100 * half + at)),
    ),
  },
  {
    name: 'what is counted after one message was purged',
    said: ['memory', 'file'].flatMap((storage, half) =>
      ['limits', 'interest'].flatMap((retention, other) => [
        ...counted(storage, retention, { ack_policy: 'none' }, 100 * half + 10 * other),
        ...counted(storage, retention, {}, 100 * half + 10 * other + 1),
      ]),
    ),
  },
];
