/** Servers of a cluster that are killed, stopped and started again, ours and genuine ones. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../kits/until.ts';
import { clientOf, type Node, settled, startNode, untilHeard, withNodes } from '../plugins/route/nodes.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

async function hearEachOther(one: Node, other: Node): Promise<void> {
  const [near, far] = [await clientOf(one), await clientOf(other)];
  near.send('SUB to.near 1\r\n');
  far.send('SUB to.far 1\r\nSUB to.far g 2\r\n');
  await untilHeard(near, far, 'to.far');
  await untilHeard(far, near, 'to.near');
  for (const { socket } of [near, far]) socket.destroy();
}

for (const { program, version } of targets) {
  for (const whose of ['gnatlet', 'nats-server'] as const) {
    test(`${whose} is killed and started again, the other one is nats-server ${version} or gnatlet: all is as before`, () =>
      withNodes(async (add) => {
        const [stays, goes] = whose === 'gnatlet' ? [program, ''] : ['', program];
        const one = await add(startNode('stays', {}, stays));
        const waiting = await clientOf(one);
        waiting.send('SUB waiting 1\r\nSUB waiting g 2\r\n');
        const other = await startNode('goes', { routes: [one.clusterPort] }, goes);
        await hearEachOther(one, other);
        await other.stop();
        const again = await add(startNode('goes', { routes: [one.clusterPort] }, goes));
        const publisher = await clientOf(again);
        await untilHeard(publisher, waiting, 'waiting');
        await settled(publisher, waiting);
        waiting.text = '';
        publisher.send('PUB waiting 3\r\none\r\n');
        await until(async () => {
          await settled(publisher, waiting);
          return waiting.text.split('MSG waiting').length >= 3;
        });
        assert.equal([...waiting.text.matchAll(/MSG waiting (\d) 3\r\none/g)].map(([, sid]) => sid).sort(), ['1', '2']);
        await hearEachOther(one, again);
      }));
  }

  test(`nats-server ${version} stands still, and goes on: nothing that was published in between is lost or heard twice`, () =>
    withNodes(async (add) => {
      const own = await add(startNode('own'));
      const genuine = await add(startNode('genuine', { routes: [own.clusterPort] }, program));
      const [near, far] = [await clientOf(own), await clientOf(genuine)];
      far.send('SUB a 1\r\n');
      await untilHeard(near, far, 'a');
      genuine.signal('SIGSTOP');
      for (let number = 0; number < 1000; number++) near.send(`PUB a 4\r\n${1000 + number}\r\n`);
      await settled(near);
      genuine.signal('SIGCONT');
      await until(async () => {
        await settled(near, far);
        return far.text.includes('1999\r\n');
      });
      const heard = [...far.text.matchAll(/MSG a 1 4\r\n(\d{4})\r\n/g)].map(([, body]) => Number(body));
      assert.equal(
        heard,
        Array.from({ length: 1000 }, (_, index) => 1000 + index),
      );
    }));
}

test.run();
