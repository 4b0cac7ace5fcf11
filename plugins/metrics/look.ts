/** Everything that one scrape shows. */
import type { Clock, HookTypes, HostDescription } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import type { ProcessFacts } from './process-meter.ts';
import type { Reading } from './reading.ts';
import type { Watch } from './watch.ts';

/** In the words of /healthz. */
export type Health = 'ok' | 'unavailable' | 'error';

export interface Look {
  readonly broker: HookTypes['server'];
  readonly clock: Clock;
  readonly prefix: string;
  readonly sections: readonly MonitorSection[];
  readonly watch: Watch;
  readonly reading: Reading;
  readonly process: ProcessFacts;
  readonly health: Health;
  readonly description: Pick<HostDescription, 'plugins'>;
  readonly hooks: readonly { readonly name: string; readonly isTapped: boolean; readonly count: number }[];
  /** From `stats.collect`. */
  readonly contributed: Readonly<Record<string, unknown>>;
  readonly scrapes: { readonly served: number; readonly refused: number };
  /** When the configuration was last read. */
  readonly configLoadedAt: number;
}
