/** A hundred thousand subjects between two servers: there in a second, gone and back without one being lost. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { clientOf, type Node, settled, startNode, withNodes } from './nodes.ts';

const COUNT = 100_000;
/** Of processor time for both servers: the machine may be busy with other things. */
const READY_MS = 1000;
/** What a turn may take while everything is told and taken in. */
const TURN_MS = 500;

function foreignIn({ server }: Node): number {
  let count = 0;
  for (const link of server!.broker.links) count += (link as unknown as { foreign: { count: number } }).foreign.count;
  return count;
}

/** The most processor time that one turn took, in milliseconds. */
function watchTurns(): () => number {
  const spent = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  let last = spent();
  let longest = 0;
  let isOn = true;
  const look = (): void => {
    const now = spent();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOn = false;
    return longest;
  };
}

test('a link that carries a hundred thousand subscriptions is ready in a second, and has them all again after it was lost', () =>
  withNodes(async (add) => {
    const one = await add(startNode('A'));
    const client = await clientOf(one);
    for (let from = 0; from < COUNT; from += 1000) {
      let text = '';
      for (let number = from; number < from + 1000; number++) text += `SUB s.${number % 977}.${number} ${number}\r\n`;
      client.send(text);
    }
    client.send('PING\r\n');
    await client.until(/PONG/);
    client.text = '';
    const other = await add(startNode('B', { routes: [one.clusterPort] }));
    const stopWatching = watchTurns();
    const before = process.cpuUsage();
    await until(() => foreignIn(other) >= COUNT);
    const { user, system } = process.cpuUsage(before);
    const readyMs = (user + system) / 1000;
    assert.ok(readyMs < READY_MS, `ready after ${readyMs} ms`);
    for (const link of [...one.server!.broker.links]) link.close('test');
    await until(() => foreignIn(other) === 0);
    await until(() => foreignIn(other) >= COUNT);
    const longest = stopWatching();
    assert.ok(longest < TURN_MS, `a turn took ${longest} ms`);
    const publisher = await clientOf(other);
    for (const number of [0, 1, 50_000, 99_999])
      publisher.send(`PUB s.${number % 977}.${number} 1\r\n${number % 10}\r\n`);
    await until(async () => {
      await settled(publisher);
      return client.text.split('MSG ').length === 5;
    });
    await until(() => other.server!.broker.accounts.global.sublist.count === COUNT);
  }));

test.run();
