/** What went wrong, from the counters: one line for each reason. */
import { countsOf, numberOf, type Row } from './answers.ts';
import { words } from './format.ts';

export interface Trouble {
  readonly name: string;
  readonly what: string;
  readonly reason: string;
  readonly count: number;
}

const DROP_REASONS: Readonly<Record<string, string>> = {
  slow: 'the receiver was too slow',
  closed: 'the receiver was gone',
};

/** Figures of plugins that count what was turned away or cut off, rather than what there is. */
const IS_TOTAL = /_total$/;

/** Those that never happened are left out. */
export function troublesIn(server: Row): Trouble[] {
  const all = [
    ...each('slow', 'Slow consumer', server.slow_consumers, slowReason),
    ...each('dropped', 'Dropped message', server.dropped_deliveries, (name) => DROP_REASONS[name] ?? name),
    one('stalls', 'Stalled producer', 'a receiver was slow', server.stalls),
    one('stale', 'Stale connection', 'no answer to pings', server.stale_connections),
    ...each('limit', 'Refused', server.limit_hits, words),
    ...each('hook', 'Plugin failed', server.hook_failures, (name) => `in the hook ${name}`),
    ...each('more', 'Plugin', totalsOf(server.more), (name) => words(name.replace(IS_TOTAL, ''))),
  ];
  return all.filter(({ count }) => count > 0);
}

/** `Slow Consumer (Pending Bytes)` is half said by the line it stands in. */
function slowReason(reason: string): string {
  return /^Slow Consumer \((.*)\)$/.exec(reason)?.[1]?.toLowerCase() ?? reason;
}

function totalsOf(more: unknown): Record<string, number> {
  return Object.fromEntries([...countsOf(more)].filter(([name]) => IS_TOTAL.test(name)));
}

function each(group: string, what: string, counts: unknown, reason: (name: string) => string): Trouble[] {
  return Array.from(countsOf(counts), ([name, count]) => ({
    name: `${group} ${name}`,
    what,
    reason: reason(name),
    count,
  }));
}

function one(name: string, what: string, reason: string, count: unknown): Trouble {
  return { name, what, reason, count: numberOf(count) };
}
