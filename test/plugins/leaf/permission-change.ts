/** What a leaf may do at its hub changes while both run: the same whichever server the leaf is. */
import * as assert from 'uvu/assert';
import { readAuthConfig } from '../auth/auth-bench.ts';
import { bodiesIn, clientOf, untilHeard } from '../route/nodes.ts';
import { type Add, addNode } from './clustered.ts';
import { hubText, spokeText } from './nodes.ts';

function accountsOf(up: string, down: string): string {
  const permissions = `publish: [${up}], subscribe: [${down}]`;
  return `
accounts {
  APP { users: [{user: app, password: app}, {user: few, password: few, permissions: {${permissions}}}] }
}`;
}

/** The hub is of this project. Answers whether the connection stayed. */
export async function changePermissions(add: Add, leafProgram = ''): Promise<boolean> {
  const hub = await addNode(add, 'hub', `${accountsOf('"up.>"', '"down.>"')}\n${hubText()}`);
  const leaf = await addNode(add, 'leaf', spokeText(hub, '', 'few:few@'), leafProgram);
  const [near, far] = [await clientOf(hub, 'app'), await clientOf(leaf)];
  near.send('SUB up.> 1\r\nSUB up2.> 2\r\n');
  far.send('SUB down.a 1\r\nSUB down2.a 2\r\n');
  await untilHeard(near, far, 'down.a');
  await untilHeard(far, near, 'up.a');
  const [link] = hub.server!.broker.links;
  const { config } = readAuthConfig(accountsOf('"up2.>"', '"down2.>"'));
  const { host, broker } = hub.server!;
  await host.reload(new Map([['auth', config]]));
  await broker.hooks.serverReload.slot!({});
  await untilHeard(near, far, 'down2.a');
  await untilHeard(far, near, 'up2.a');
  for (const client of [near, far]) client.text = '';
  near.send('PUB down.a 3\r\nold\r\nPUB down2.a 3\r\nnew\r\n');
  far.send('PUB up.a 3\r\nold\r\nPUB up2.a 3\r\nnew\r\n');
  await far.until(/new\r\n/);
  await near.until(/new\r\n/);
  assert.equal([bodiesIn(far, '1'), bodiesIn(far, '2')], [[], ['new']]);
  assert.equal([bodiesIn(near, '1'), bodiesIn(near, '2')], [[], ['new']]);
  for (const { socket } of [near, far]) socket.destroy();
  return hub.server!.broker.links.has(link!);
}
