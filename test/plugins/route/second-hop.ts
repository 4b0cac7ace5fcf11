/** A message was on its way to a queue group's last member at one server when that left: a third server may have one. */
import * as assert from 'uvu/assert';
import { RawClient } from '../running-server.ts';
import { clientOf, type Node, settled, startNode, untilHeard } from './nodes.ts';

type Add = (node: Promise<Node>) => Promise<Node>;
type Story = (add: Add, first: string, second: string) => Promise<void>;

/** A server of the old kind, which chooses the first server for a group that has its members at the second. */
async function peerOf({ clusterPort }: Node): Promise<RawClient> {
  const peer = await RawClient.connect(clusterPort);
  const said = { name: 'X', cluster: 'C', headers: true, lnoc: true };
  peer.send(`CONNECT ${JSON.stringify(said)}\r\n`);
  peer.send(`INFO ${JSON.stringify({ ...said, server_id: 'X', server_name: 'x', host: '127.0.0.1', port: 1 })} \r\n`);
  await peer.until(/RS\+ /);
  return peer;
}

async function sceneOf(add: Add, first: string, second: string, interest: string) {
  const a = await add(startNode('A', {}, first));
  const b = await add(startNode('B', { routes: [a.clusterPort] }, second));
  const [near, far] = [await clientOf(a), await clientOf(b)];
  far.send(interest);
  await untilHeard(near, far, 'known');
  return { peer: await peerOf(a), far };
}

export const SECOND_HOP_STORIES: Readonly<Record<string, Story>> = {
  'a message for a group that has no member any more goes on to a server that has one': async (add, first, second) => {
    const { peer, far } = await sceneOf(add, first, second, 'SUB q g 1\r\nSUB p 2\r\nSUB known 3\r\n');
    peer.send('RMSG $G q | g 3\r\none\r\nRMSG $G q + reply g 3\r\ntwo\r\nRMSG $G p 5\r\nplain\r\n');
    peer.send('RMSG $G q | h 5\r\nother\r\nLMSG L $G q | g 0 3\r\nend\r\n');
    await far.until(/end\r\n/);
    await settled(far);
    assert.is(far.text.replace('PING\r\n', ''), 'MSG q 1 3\r\none\r\nMSG q 1 reply 3\r\ntwo\r\nMSG q 1 3\r\nend\r\n');
    peer.socket.destroy();
  },
};

/** Where others at the third server got the message already, they must not get it again. */
export const noSecondHop: Story = async (add, first, second) => {
  const { peer, far } = await sceneOf(add, first, second, 'SUB q g 1\r\nSUB q 2\r\nSUB r g 3\r\nSUB known 4\r\n');
  peer.send('RMSG $G q | g 3\r\none\r\nRMSG $G r | g 3\r\nend\r\n');
  await far.until(/end\r\n/);
  await settled(far);
  assert.is(far.text, 'MSG r 3 3\r\nend\r\n');
  peer.socket.destroy();
};
