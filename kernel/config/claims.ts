/**
 * Keys that belong to plugins. The kernel knows none of them: whoever composes the broker tells which keys
 * have an owner, and whether that owner is in the build.
 *
 * A claim is filed under the path of its key, in lower case: `websocket`, `accounts.*.users` for a key of every
 * account, `accounts.*.limits.max_streams` for one of every account's limits.
 */
import { quotedText } from '../../protocols/client/quoted.ts';
import { suggestion } from '../hooks/nearest-name.ts';
import type { ConfigNode, MapEntry } from './grammar/node.ts';
import type { Problems } from './problem.ts';

export interface Claim {
  /** The plugin's name. */
  readonly owner: string;
  /** The plugin is in this build. */
  readonly available: boolean;
  /** The proper key, where this one is another name for it. */
  readonly key?: string;
}

export type Claims = ReadonlyMap<string, Claim>;

export const NO_CLAIMS: Claims = new Map();

/** The keys of one level: the kernel's own and those with an owner. */
export interface Level {
  readonly claims: Claims;
  /** The path of the level, with a dot at its end: '' or `accounts.*.`. */
  readonly path: string;
  readonly unknownKey: (key: string) => string;
}

/** Whether an entry is claimed. A claimed value goes into `blocks` if its owner is there to read it. */
export function takeClaimed(
  entry: MapEntry,
  level: Level,
  blocks: Map<string, ConfigNode>,
  problems: Problems,
): boolean {
  const written = entry.key.toLowerCase();
  const claim = level.claims.get(level.path + written);
  if (claim === undefined) return false;
  if (claim.available) blocks.set(claim.key ?? written, entry.value);
  else problems.error(entry, absentText(entry.key, claim.owner));
  return true;
}

function absentText(key: string, owner: string): string {
  return `"${key}" needs the plugin "${owner}", which is not in this build; take "${key}" out, or use a build with "${owner}"`;
}

/** Reports a key nobody knows, unless it is there for its value. */
export function refuseUnknown(entry: MapEntry, level: Level, ownKeys: Iterable<string>, problems: Problems): void {
  if (entry.isReferenced) return;
  problems.error(entry, level.unknownKey(entry.key) + suggestion(entry.key, [...ownKeys, ...claimedKeys(level)]));
}

function claimedKeys(level: Level): string[] {
  const paths = [...level.claims.keys()].filter((path) => path.startsWith(level.path));
  return paths.map((path) => path.slice(level.path.length)).filter((key) => !key.includes('.'));
}

export function unknownField(key: string): string {
  return `unknown field ${quotedText(key)}`;
}
