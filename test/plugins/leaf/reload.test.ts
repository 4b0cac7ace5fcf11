/** Another block `leafnodes` while hubs and leafs run, in simulated time. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../kernel/config/load.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import { type LeafConfig, leafConfig } from '../../../plugins/leaf/config.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { leafnodes, SimulatedTree, type TreeNode } from './simulated-tree.ts';

function configOf(block: string): LeafConfig {
  const claims = new Map([['leafnodes', { owner: 'leaf', available: true, key: 'leafnodes' }]]);
  const loaded = loadConfig({ text: block, path: 'x.conf', claims });
  const problems = new Problems();
  const config = leafConfig.read(loaded.blocks.get('leafnodes'), problems, {
    accounts: new Map(),
    also: () => undefined,
  });
  assert.equal(problems.list, []);
  return config;
}

function reload(tree: SimulatedTree, { server }: TreeNode, block: string): Promise<void> {
  return tree.sim.until(server.host.reload(new Map([['leaf', configOf(block)]])));
}

async function twoHubs(): Promise<{ tree: SimulatedTree; leaf: TreeNode }> {
  const tree = new SimulatedTree(chooseSeed());
  await tree.start('one', leafnodes('one'));
  await tree.start('two', leafnodes('two'));
  const leaf = await tree.start('leaf', leafnodes('leaf', ['one']));
  await tree.untilSo(() => tree.links().join() === '1,0,1');
  return { tree, leaf };
}

test('a remote that is added is connected to, and one that is taken out is left for good', async () => {
  const { tree, leaf } = await twoHubs();
  await reload(tree, leaf, leafnodes('leaf', ['one', 'two']));
  await tree.untilSo(() => tree.links().join() === '1,1,2');
  const far = tree.client('leaf');
  far.say('SUB a 1\r\n');
  await tree.run(100);
  tree.client('two').publish('a', 'from two');
  await tree.run(100);
  assert.equal(far.heard('1'), ['from two']);
  await reload(tree, leaf, leafnodes('leaf', ['two']));
  await tree.untilSo(() => tree.links().join() === '0,1,1');
  await tree.run(60_000);
  assert.equal(tree.links(), [0, 1, 1]);
  await tree.close();
});

test('a remote that stays keeps its connection while others change', async () => {
  const { tree, leaf } = await twoHubs();
  const [before] = leaf.server.broker.links;
  await reload(tree, leaf, leafnodes('leaf', ['one', 'two']));
  await tree.untilSo(() => tree.links().join() === '1,1,2');
  assert.ok(leaf.server.broker.links.has(before!));
  await tree.close();
});

test('a remote that is disabled is left, and connected to again when it is enabled', async () => {
  const { tree, leaf } = await twoHubs();
  await reload(tree, leaf, leafnodes('leaf', ['one'], '', 'disabled: true'));
  await tree.untilSo(() => tree.links().join() === '0,0,0');
  await tree.run(30_000);
  assert.equal(tree.links(), [0, 0, 0]);
  await reload(tree, leaf, leafnodes('leaf', ['one']));
  await tree.untilSo(() => tree.links().join() === '1,0,1');
  await tree.close();
});

test('what cannot change while the server runs makes the reload fail, and everything stays', async () => {
  const { tree, leaf } = await twoHubs();
  const outcome = await reload(tree, leaf, leafnodes('leaf', ['one', 'two'], 'min_version: "2.9.0",')).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(outcome, 'config reload not supported for LeafNode: minVersion changed');
  await tree.run(5000);
  assert.equal(tree.links(), [1, 0, 1]);
  await tree.close();
});

test('a block of which one remote cannot be used changes nothing, and a good one after it counts', async () => {
  const { tree, leaf } = await twoHubs();
  const broken = leafnodes('leaf', ['two'], '', 'tls { ca_file: "/not/there.pem" }');
  const outcome = await reload(tree, leaf, broken).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(outcome, /not.there\.pem/);
  await tree.run(5000);
  assert.equal(tree.links(), [1, 0, 1]);
  await reload(tree, leaf, leafnodes('leaf', ['one', 'two']));
  await tree.untilSo(() => tree.links().join() === '1,1,2');
  await tree.close();
});

test.run();
