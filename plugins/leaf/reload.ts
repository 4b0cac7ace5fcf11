/** Another block `leafnodes` is wanted: what can change while the server runs. */
import { type ConfigChange, type ConfigNode, plainOf, type ReloadAnswer } from '../../kernel/plugin-api.ts';
import { identityOf, type RemoteOptions } from './config/remote-options.ts';
import type { LeafConfig } from './config.ts';
import type { Leafs } from './leafs.ts';
import { Remote } from './remotes/remote.ts';

/** What of the block may change; of the rest each thing names itself in the refusal. */
const LIVE = new Set<keyof LeafConfig>(['remotes', 'tls', 'compression']);

export function reloadAnswer({ before, after }: ConfigChange<LeafConfig>): ReloadAnswer {
  for (const key of Object.keys(after) as (keyof LeafConfig)[]) {
    if (LIVE.has(key) || isSame(before[key], after[key])) continue;
    return { refuse: `config reload not supported for LeafNode: ${key} changed` };
  }
  if ((before.tls === null) !== (after.tls === null))
    return { refuse: 'config reload not supported for LeafNode: tls changed' };
  return 'live';
}

/** Rejects, and leaves everything as it is, when the new block cannot be used. */
export async function applyReload(leafs: Leafs, before: LeafConfig, after: LeafConfig): Promise<void> {
  const remotes = remotesFor(leafs, after.remotes);
  if (after.tls !== null && !isSame(before.tls, after.tls)) await leafs.tls?.replace(after.tls);
  leafs.config = after;
  const { remotes: old } = leafs;
  leafs.remotes = remotes;
  for (const remote of old) if (!remotes.includes(remote)) remote.stop();
  leafs.solicit();
}

/** Those that are wanted as they are go on, the others are new. */
function remotesFor(leafs: Leafs, wanted: readonly RemoteOptions[]): Remote[] {
  return wanted.map((options) => {
    const known = leafs.remotes.find((remote) => identityOf(options) === identityOf(remote.options));
    return known !== undefined && isSame(options, known.options) ? known : new Remote(leafs, options);
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return textOf(one) === textOf(other);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isNode(part) ? plainOf(part) : part)) ?? '';
}

function isNode(value: unknown): value is ConfigNode {
  return typeof value === 'object' && value !== null && 'kind' in value && 'value' in value;
}
