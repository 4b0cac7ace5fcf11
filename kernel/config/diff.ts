/** What changed between two loaded configurations, and whether a running broker can take it on. */
import { outcomeOf, type Steps } from '../ports/steps.ts';
import type { AccountOptions } from './account-options.ts';
import { coreSchema } from './core-options.ts';
import type { ConfigNode } from './grammar/node.ts';
import type { LoadedConfig } from './load.ts';
import { isSame, isSameInSteps } from './same-value.ts';
import type { Fields, LiveClass, OptionsOf, Schema } from './schema.ts';

export interface FieldChange {
  /** The option's name in the program, and its key in the file. */
  readonly name: string;
  readonly key: string;
  readonly live: LiveClass;
  readonly before: unknown;
  readonly after: unknown;
  /** The values as messages print them. */
  readonly printedBefore: string;
  readonly printedAfter: string;
  readonly internalName: string;
}

export interface BlockChange {
  readonly key: string;
  readonly owner: string;
  /** Null where there was or is none. */
  readonly before: ConfigNode | null;
  readonly after: ConfigNode | null;
}

export interface AccountChange {
  readonly name: string;
  readonly before: AccountOptions | null;
  readonly after: AccountOptions | null;
  /** The kernel's part of the account differs. */
  readonly isOwnPartChanged: boolean;
  /** The plugins' keys in it that differ. */
  readonly blocks: readonly string[];
}

export interface ConfigDiff {
  readonly fields: readonly FieldChange[];
  readonly blocks: readonly BlockChange[];
  readonly accounts: readonly AccountChange[];
  /** Why the reload must not happen, as far as the kernel's options go: one text for each. */
  readonly refusals: readonly string[];
}

/** A change of the class `part` is not among the refusals: whoever owns the option decides about it. */
export function diffConfigs(before: LoadedConfig, after: LoadedConfig): ConfigDiff {
  return outcomeOf(diffConfigsInSteps(before, after));
}

/** There may be ten thousand accounts, and a broker that compares them serves others meanwhile. */
export function* diffConfigsInSteps(before: LoadedConfig, after: LoadedConfig): Steps<ConfigDiff> {
  const accounts = yield* diffAccounts(before.options.accounts, after.options.accounts);
  const areSame = accounts.length === 0 && haveSameOrder(before.options.accounts, after.options.accounts);
  // What was compared one by one is not compared once more as a whole.
  const same = (old: unknown, now: unknown) => (old === before.options.accounts ? areSame : isSame(old, now));
  const fields = diffOptions(coreSchema(after.claims), before.options, after.options, same);
  yield;
  return {
    fields,
    accounts,
    blocks: yield* diffBlocks(before, after),
    refusals: fields.filter((change) => change.live === 'no').map(refusalOf),
  };
}

/** The fields of one block that differ, in the order of its schema. */
export function diffOptions<F extends Fields>(
  schema: Schema<F>,
  before: OptionsOf<F>,
  after: OptionsOf<F>,
  same: (old: unknown, now: unknown) => boolean = isSame,
): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  for (const [name, field] of Object.entries(schema.fields)) {
    if (field.isSpread) continue;
    const [old, now] = [valueAt(before, name), valueAt(after, name)];
    if (same(old, now)) continue;
    changes.push({
      name,
      key: field.key,
      live: field.live,
      before: old,
      after: now,
      printedBefore: field.print(old),
      printedAfter: field.print(now),
      internalName: field.internalName,
    });
  }
  return changes;
}

function valueAt(options: object, name: string): unknown {
  return (options as Readonly<Record<string, unknown>>)[name];
}

export function refusalOf(change: FieldChange): string {
  return `config reload not supported for ${change.internalName}: old=${change.printedBefore}, new=${change.printedAfter}`;
}

function haveSameOrder(before: readonly AccountOptions[], after: readonly AccountOptions[]): boolean {
  return before.length === after.length && before.every(({ name }, at) => name === after[at]!.name);
}

function* diffBlocks(before: LoadedConfig, after: LoadedConfig): Steps<readonly BlockChange[]> {
  const changes: BlockChange[] = [];
  for (const key of new Set([...before.blocks.keys(), ...after.blocks.keys()])) {
    const old = before.blocks.get(key) ?? null;
    const now = after.blocks.get(key) ?? null;
    const areSame = yield* isSameInSteps(old, now);
    yield;
    if (areSame) continue;
    const owner = (after.claims.get(key) ?? before.claims.get(key))?.owner ?? '';
    changes.push({ key, owner, before: old, after: now });
  }
  return changes;
}

function* diffAccounts(
  before: readonly AccountOptions[],
  after: readonly AccountOptions[],
): Steps<readonly AccountChange[]> {
  const old = new Map(before.map((account) => [account.name, account]));
  const now = new Map(after.map((account) => [account.name, account]));
  const changes: AccountChange[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const change = accountChange(name, old.get(name) ?? null, now.get(name) ?? null);
    if (change.isOwnPartChanged || change.blocks.length > 0) changes.push(change);
    yield;
  }
  return changes;
}

function accountChange(name: string, before: AccountOptions | null, after: AccountOptions | null): AccountChange {
  const keys = new Set([...(before?.blocks.keys() ?? []), ...(after?.blocks.keys() ?? [])]);
  const blocks = [...keys].filter((key) => !isSame(before?.blocks.get(key), after?.blocks.get(key)));
  return { name, before, after, blocks, isOwnPartChanged: !isSame(ownPart(before), ownPart(after)) };
}

function ownPart(account: AccountOptions | null): unknown {
  if (account === null) return null;
  const { nkey, limits, mappings, trace } = account;
  return { nkey, limits, mappings, trace };
}
