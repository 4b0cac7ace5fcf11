/** Who pulls in a group and would not wait, who is let go, and what sources are named by. */
import type { Conversation, Said } from './said.ts';
import { about, api, consumer, listen, next, pub, stream } from './words.ts';

const SECOND = 1e9;
const group = (priority_policy: string, more: object = {}): object => ({
  priority_policy,
  priority_groups: ['g'],
  ...more,
});
const pulls = (name: string, request: object, reply: string): Said => ({ ...next(name, request), reply });
const settle = (afterMs: number): Said => ({ ...api('STREAM.NAMES'), afterMs });

export const GROUP_TALKS: readonly Conversation[] = [
  {
    name: 'requests that would not wait for what flows over',
    said: [
      listen('pull.>'),
      stream('S'),
      consumer('S', 'O', group('overflow')),
      ...[1, 2, 3, 4, 5].map((body) => pub('s.1', String(body))),
      next('S.O', { batch: 1, no_wait: true, group: 'g', min_pending: 100 }),
      next('S.O', { batch: 1, no_wait: true, group: 'g', min_ack_pending: 100 }),
      next('S.O', { batch: 3, no_wait: true, group: 'g', min_pending: 4 }, 3),
      about('S', 'O'),
      pulls('S.O', { batch: 1, no_wait: true, expires: SECOND / 2, group: 'g', min_pending: 100 }, 'pull.1'),
      settle(100),
      about('S', 'O'),
      settle(800),
      next('S.O', { batch: 2, no_wait: true, group: 'g' }, 2),
      about('S', 'O'),
    ],
  },
  {
    name: 'clients that are let go, whether or not one was chosen',
    said: [
      listen('pull.>'),
      listen('$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.>'),
      stream('S'),
      consumer('S', 'O', group('pinned_client', { priority_timeout: 60 * SECOND })),
      api('CONSUMER.UNPIN.S.O', { group: 'g' }),
      settle(80),
      pulls('S.O', { batch: 2, expires: 5 * SECOND, group: 'g' }, 'pull.1'),
      settle(80),
      pub('s.1'),
      settle(80),
      next('S.O', { batch: 1, no_wait: true, group: 'g' }),
      api('CONSUMER.UNPIN.S.O', { group: 'g' }),
      api('CONSUMER.UNPIN.S.O', { group: 'h' }),
      settle(80),
      about('S', 'O'),
    ],
  },
  {
    name: 'sources whose subjects hold letters of all kinds',
    said: [
      stream('S'),
      ...['s.é', 's.日本'].map((subject) => pub(subject)),
      stream('T', { sources: [{ name: 'S' }] }),
      settle(1_500),
      ...[1, 2].map((seq) => api('STREAM.MSG.GET.T', { seq })),
    ],
  },
];
