/** /ipqueuesz: what waits inside this server, as plugins tell. */
import type { MonitorAnswer, MonitorQuery, QueueDepth } from '../contract.ts';
import type { Monitor } from '../monitor.ts';

const INDENT = 3;

export function ipqueuesz({ sections }: Monitor, query: MonitorQuery): MonitorAnswer {
  const isAll = query.boolean('all');
  const filter = query.text('queues');
  const queues: Record<string, QueueDepth> = Object.assign({}, ...sections.map((section) => section.queues?.()));
  const shown = Object.entries(queues).filter(
    ([name, { pending, in_progress }]) =>
      name.includes(filter) && (isAll || pending > 0 || (in_progress !== undefined && in_progress > 0)),
  );
  return { json: Object.fromEntries(shown.sort(([left], [right]) => (left < right ? -1 : 1))), indent: INDENT };
}
