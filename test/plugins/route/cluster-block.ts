/** The block `cluster` as a reload gives it to the plugin. */
import * as assert from 'uvu/assert';
import { mapNode, type PlainValue } from '../../../kernel/config/plain.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import { clusterConfig } from '../../../plugins/route/config.ts';

export type Block = Readonly<Record<string, PlainValue>>;

/** What `host.reload` of a server takes. */
export function clusterReload(block: Block): Map<string, unknown> {
  const problems = new Problems();
  const config = clusterConfig.read(mapNode(block, 'cluster', problems), problems, {
    also: () => undefined,
    accounts: new Map(),
  });
  assert.equal(problems.list, []);
  return new Map([['route', config]]);
}
