/** The configuration of what accounts share: the `exports` and `imports` inside accounts, and a block with limits. */
import {
  type ConfigNode,
  type ConfigSources,
  defineSchema,
  fields,
  NOWHERE,
  outcomeOf,
  type Problems,
  type Steps,
} from '../../kernel/plugin-api.ts';
import { checkShares } from './config/check-shares.ts';
import { readExports } from './config/read-exports.ts';
import { readImports } from './config/read-imports.ts';
import { type AccountShareOptions, ImportPool, NOTHING_SHARED } from './config/share-options.ts';
import type { MeasureLimits } from './services/remote-measures.ts';

export interface SharingConfig extends MeasureLimits {
  readonly pendingMax: number;
  /** Of the accounts that share anything. */
  readonly accounts: ReadonlyMap<string, AccountShareOptions>;
}

export const blockSchema = defineSchema({
  pendingMax: fields.integer('max_pending_requests', {
    default: 65_536,
    minimum: 1,
    live: 'yes',
    doc: 'How many requests of one service import may wait for answers. Beyond it the oldest is given up.',
  }),
  measuredMax: fields.integer('max_measured_requests', {
    default: 65_536,
    minimum: 1,
    live: 'yes',
    doc: 'Of how many requests of other servers the latency is measured at once. Beyond it the oldest is not.',
  }),
  measuredMs: fields.duration('measured_request_timeout', {
    default: 120_000,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'How long an answer may take whose latency is measured.',
  }),
});

export const sharingSchema = {
  read(node: unknown, problems: Problems, sources: ConfigSources): SharingConfig {
    return outcomeOf(sharingSchema.readInSteps(node, problems, sources));
  },

  *readInSteps(node: unknown, problems: Problems, sources: ConfigSources): Steps<SharingConfig> {
    const limits = blockSchema.read(node as ConfigNode | undefined, problems);
    const all = new Map<string, AccountShareOptions>();
    const pool = new ImportPool();
    for (const [name, blocks] of sources.accounts) {
      all.set(name, readAccount(blocks, problems, pool));
      yield;
    }
    // Who may import what makes sense only where everything could be read.
    if (!problems.hasErrors) yield* checkShares(all, sources.accountsPlace ?? NOWHERE, problems);
    const accounts = new Map<string, AccountShareOptions>();
    for (const [name, shared] of all) if (shared !== NOTHING_SHARED) accounts.set(name, shared);
    return { ...limits, accounts };
  },
};

function readAccount(blocks: ReadonlyMap<string, unknown>, problems: Problems, pool: ImportPool): AccountShareOptions {
  if (blocks.size === 0) return NOTHING_SHARED;
  const exports = blocks.get('exports') as ConfigNode | undefined;
  const imports = blocks.get('imports') as ConfigNode | undefined;
  const read = {
    exports: exports === undefined ? [] : latestOf(readExports(exports, problems)),
    imports: imports === undefined ? [] : readImports(imports, problems, pool),
  };
  return read.exports.length === 0 && read.imports.length === 0 ? NOTHING_SHARED : Object.freeze(read);
}

/** Of two exports of one subject the later counts. */
function latestOf(exports: ReturnType<typeof readExports>): ReturnType<typeof readExports> {
  return [...new Map(exports.map((offer) => [`${offer.kind} ${offer.subject}`, offer])).values()];
}
