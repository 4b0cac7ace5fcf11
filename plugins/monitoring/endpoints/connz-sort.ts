/** The orders /connz knows. */
import type { MonitoredFacts } from '../connection-facts.ts';

type Key = (facts: MonitoredFacts, now: number) => number;

/** By a number, the largest first unless it says otherwise. */
const KEYS = {
  subs: (facts) => -facts.subscriptions,
  pending: (facts) => -facts.pendingBytes,
  msgs_to: (facts) => -facts.outMessages,
  msgs_from: (facts) => -facts.inMessages,
  bytes_to: (facts) => -facts.outBytes,
  bytes_from: (facts) => -facts.inBytes,
  last: (facts) => -facts.lastActivityAt,
  // From now on, also for those that are gone.
  idle: (facts) => facts.lastActivityAt,
  // The shortest lives first: so it has always been.
  uptime: (facts, now) => (facts.stoppedAt ?? now) - facts.startedAt,
  stop: (facts) => -(facts.stoppedAt ?? 0),
  rtt: (facts) => -facts.rttMs,
} satisfies Record<string, Key>;

export type ConnzSort = keyof typeof KEYS | 'cid' | 'start' | 'reason';

export function isConnzSort(text: string): text is ConnzSort {
  return Object.hasOwn(KEYS, text) || text === 'cid' || text === 'start' || text === 'reason';
}

/** Those that are equal stay in the order of their ids. */
export function comparison(sort: ConnzSort, now: number): (a: MonitoredFacts, b: MonitoredFacts) => number {
  if (sort === 'cid' || sort === 'start') return (a, b) => a.id - b.id;
  if (sort === 'reason') return (a, b) => compareTexts(a.reason, b.reason) || a.id - b.id;
  const key: Key = KEYS[sort];
  return (a, b) => key(a, now) - key(b, now) || a.id - b.id;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
