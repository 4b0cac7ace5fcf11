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

export async function applyReload(leafs: Leafs, before: LeafConfig, after: LeafConfig): Promise<void> {
  leafs.config = after;
  if (after.tls !== null && !isSame(before.tls, after.tls)) await leafs.tls?.replace(after.tls);
  changeRemotes(leafs, after.remotes);
}

function changeRemotes(leafs: Leafs, wanted: readonly RemoteOptions[]): void {
  const kept = new Map<string, Remote>();
  for (const remote of leafs.remotes) {
    const options = wanted.find((other) => identityOf(other) === identityOf(remote.options));
    if (options !== undefined && isSame(options, remote.options)) kept.set(identityOf(options), remote);
    else remote.stop();
  }
  leafs.remotes = wanted.map((options) => {
    const known = kept.get(identityOf(options));
    if (known !== undefined) return known;
    const remote = new Remote(leafs, options);
    remote.start();
    return remote;
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
