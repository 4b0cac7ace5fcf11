/** Packed routes between this project's servers and genuine ones, whoever connects. */
import { test } from 'uvu';
import { type Node, startNode, withNodes } from '../plugins/route/nodes.ts';
import { ACCOUNTS, PAIR_BEHAVIOURS } from '../plugins/route/pair-behaviours.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

/** Compression came with 2.10. */
const targets = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 10);
if (targets.length === 0) skip('no nats-server of 2.10 or later on PATH, and GNATLET_NATS_SERVER names none');

/** What each side has configured. */
const WISHES: [own: string, genuine: string][] = [
  ['s2_fast', 's2_fast'],
  ['s2_auto', 's2_auto'],
  ['accept', 's2_best'],
  ['s2_better', 'accept'],
  ['s2_best', 's2_better'],
  ['off', 's2_fast'],
];

async function playAll(one: Node, other: Node): Promise<void> {
  for (const play of Object.values(PAIR_BEHAVIOURS)) {
    await play(one, other);
    await play(other, one);
  }
}

const optionsOf = (compression: string, routes: number[] = []) => ({
  text: ACCOUNTS,
  cluster: `name: C, compression: ${compression}`,
  routes,
});

for (const { program, version } of targets) {
  for (const [wish, theirs] of WISHES) {
    test(`${wish} here connects to ${theirs} of nats-server ${version}`, () =>
      withNodes(async (add) => {
        const genuine = await add(startNode('G', optionsOf(theirs), program));
        const own = await add(startNode('O', optionsOf(wish, [genuine.clusterPort])));
        await playAll(own, genuine);
      }));
    test(`${theirs} of nats-server ${version} connects to ${wish} here`, () =>
      withNodes(async (add) => {
        const own = await add(startNode('O', optionsOf(wish)));
        const genuine = await add(startNode('G', optionsOf(theirs, [own.clusterPort]), program));
        await playAll(own, genuine);
      }));
  }
}

test.run();
