/** Configurations of streams by chance, as requests say them. */
import type { Seeded } from '../../../fuzz/seeded.ts';

export interface PlainConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly compression: 'none' | 's2';
  readonly retention: 'limits' | 'interest' | 'workqueue';
  readonly discard: 'old' | 'new';
  readonly discard_new_per_subject: boolean;
  readonly max_msgs: number;
  readonly max_bytes: number;
  readonly max_age: number;
  readonly max_msgs_per_subject: number;
  readonly max_msg_size: number;
  readonly duplicate_window: number;
  readonly first_seq: number;
  readonly allow_rollup_hdrs: boolean;
  readonly allow_msg_ttl: boolean;
  readonly subject_delete_marker_ttl: number;
  readonly allow_msg_counter: boolean;
  readonly allow_atomic: boolean;
  readonly allow_direct: boolean;
  readonly allow_msg_schedules: boolean;
  readonly deny_delete: boolean;
  readonly deny_purge: boolean;
  readonly sealed: boolean;
}

const SECOND = 1e9;
const seconds = (chance: Seeded, most: number): number => (1 + chance.below(most)) * SECOND;

/** Limits, which may change later. */
export function drawnLimits(chance: Seeded, config: PlainConfig): PlainConfig {
  const perSubject = chance.once(2) ? -1 : 1 + chance.below(5);
  const discard = config.allow_msg_counter || config.allow_msg_schedules || chance.once(2) ? 'old' : 'new';
  const maxAge = chance.once(2) ? 0 : seconds(chance, 40) + 5 * SECOND;
  return {
    ...config,
    compression: chance.once(2) ? 's2' : 'none',
    discard,
    discard_new_per_subject: discard === 'new' && perSubject > 0 && chance.once(2),
    max_msgs: chance.once(2) ? -1 : 1 + chance.below(20),
    max_bytes: chance.once(2) ? -1 : 200 + chance.below(1_500),
    max_msgs_per_subject: perSubject,
    max_msg_size: chance.once(3) ? 60 + chance.below(100) : -1,
    max_age: maxAge,
    duplicate_window: Math.min(seconds(chance, 10), maxAge === 0 ? Number.POSITIVE_INFINITY : maxAge),
  };
}

export function drawnConfig(chance: Seeded): PlainConfig {
  const kind = chance.pick(['plain', 'plain', 'plain', 'counter', 'scheduled']);
  const isPlain = kind === 'plain';
  const hasMarkers = isPlain && chance.once(3);
  const denyPurge = isPlain && !hasMarkers && chance.once(8);
  const base: PlainConfig = {
    name: 'S',
    subjects: ['s.>'],
    storage: chance.once(4) ? 'memory' : 'file',
    compression: 'none',
    retention: isPlain ? chance.pick(['limits', 'limits', 'limits', 'workqueue', 'interest']) : 'limits',
    discard: 'old',
    discard_new_per_subject: false,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    duplicate_window: 0,
    first_seq: chance.once(5) ? 1 + chance.below(50) : 0,
    allow_rollup_hdrs: hasMarkers || kind === 'scheduled' || (!denyPurge && chance.once(2)),
    allow_msg_ttl: hasMarkers || (kind !== 'counter' && chance.once(2)),
    subject_delete_marker_ttl: hasMarkers ? seconds(chance, 8) : 0,
    allow_msg_counter: kind === 'counter',
    allow_atomic: kind !== 'scheduled' && chance.once(2),
    allow_direct: chance.once(2),
    allow_msg_schedules: kind === 'scheduled',
    deny_delete: isPlain && chance.once(8),
    deny_purge: denyPurge,
    sealed: false,
  };
  return drawnLimits(chance, base);
}
