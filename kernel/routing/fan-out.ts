/** How many receivers the plans at hand have: the monitor shows it. */
import type { Plan } from './plan.ts';
import type { Sublist } from './sublist.ts';

export interface FanOut {
  readonly max: number;
  readonly total: number;
  readonly plans: number;
}

/** The largest, and what the mean is made of. */
export function fanOutOf({ combined }: Sublist): FanOut {
  let max = 0;
  let total = 0;
  for (const { plan } of combined.values()) {
    const receivers = receiversOf(plan);
    max = Math.max(max, receivers);
    total += receivers;
  }
  return { max, total, plans: combined.size };
}

/** Plain subscriptions and queue groups. */
function receiversOf({ clients, services, links, queues }: Plan): number {
  let remote = 0;
  for (const { subscriptions } of links) remote += subscriptions.length;
  return clients.length + services.length + remote + queues.length;
}
