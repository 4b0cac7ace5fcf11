/** Figures about the subscriptions of some accounts, as /subsz and /accountz print them. */
import { fanOutOf } from '../../../kernel/plugin-api.ts';
import type { Account } from '../monitor.ts';

export interface SublistFigures {
  num_subscriptions: number;
  num_cache: number;
  num_inserts: number;
  num_removes: number;
  num_matches: number;
  cache_hit_rate: number;
  max_fanout: number;
  avg_fanout: number;
}

export function sublistFigures(accounts: readonly Account[]): SublistFigures {
  const sum = { num_subscriptions: 0, num_cache: 0, num_inserts: 0, num_removes: 0, num_matches: 0 };
  let [largest, total, plans] = [0, 0, 0];
  for (const { sublist } of accounts) {
    const fanOut = fanOutOf(sublist);
    sum.num_subscriptions += sublist.count;
    sum.num_cache += fanOut.plans;
    sum.num_inserts += sublist.inserts;
    sum.num_removes += sublist.removes;
    sum.num_matches += sublist.matches;
    largest = Math.max(largest, fanOut.max);
    total += fanOut.total;
    plans += fanOut.plans;
  }
  // There is no cache of subjects whose hits could be counted.
  return { ...sum, cache_hit_rate: 0, max_fanout: largest, avg_fanout: plans === 0 ? 0 : total / plans };
}
