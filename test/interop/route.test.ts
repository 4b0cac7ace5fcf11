/** Clusters of this project's servers and genuine ones: who connects to whom must make no difference. */
import { test } from 'uvu';
import { type Node, startNode, withNodes } from '../plugins/route/nodes.ts';
import { giveOwnLine } from '../plugins/route/own-line.ts';
import { ACCOUNTS, PAIR_BEHAVIOURS } from '../plugins/route/pair-behaviours.ts';
import { SECOND_HOP_STORIES } from '../plugins/route/second-hop.ts';
import { SERVICE_STORIES } from '../plugins/route/services.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

for (const { program, version } of targets) {
  for (const [what, play] of Object.entries(PAIR_BEHAVIOURS)) {
    test(`${what}: this one connects to nats-server ${version}`, () =>
      withNodes(async (add) => {
        const genuine = await add(startNode('G', { text: ACCOUNTS }, program));
        const own = await add(startNode('O', { text: ACCOUNTS, routes: [genuine.clusterPort] }));
        await bothWays(play, own, genuine);
      }));
    test(`${what}: nats-server ${version} connects to this one`, () =>
      withNodes(async (add) => {
        const own = await add(startNode('O', { text: ACCOUNTS }));
        const genuine = await add(startNode('G', { text: ACCOUNTS, routes: [own.clusterPort] }, program));
        await bothWays(play, own, genuine);
      }));
  }
}

for (const { program, version } of targets) {
  // Before that the figures of a service had another form.
  if (Number(version.split('.')[1]) < 10) continue;
  for (const [what, play] of Object.entries({ ...SERVICE_STORIES, ...SECOND_HOP_STORIES })) {
    for (const [which, first, second] of [
      ['on both sides', program, program],
      ['where it is asked', program, ''],
      ['where it is answered', '', program],
    ] as const) {
      test(`${what}: nats-server ${version} is ${which}`, () => withNodes((add) => play(add, first, second)));
    }
  }
}

for (const { program, version } of targets) {
  if (Number(version.split('.')[1]) < 10) continue;
  for (const [which, first, second] of [
    ['which is reloaded', program, ''],
    ['which is not', '', program],
  ] as const) {
    test(`an account gets its own connection by one reload only and is heard: nats-server ${version}, ${which}`, () =>
      withNodes((add) => giveOwnLine(add, first, second)));
  }
}

async function bothWays(play: (one: Node, other: Node) => Promise<void>, one: Node, other: Node): Promise<void> {
  await play(one, other);
  await play(other, one);
}

test.run();
