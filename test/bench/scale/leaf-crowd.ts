import { connect, type Socket } from 'node:net';
import { startServer } from '../running-server.ts';
import { type Figure, type FigureScript, figure, information } from './figure.ts';
import { freePort } from './one-way.ts';
import { settledUsage } from './settle.ts';

const LEAFS = 1000;
const BATCH = 50;
const MEGABYTE = 1e6;
const MAX_MB = 100;

/** The whole memory of a hub on which a thousand leafs hang, which want nothing, or one subject each. */
export const leafCrowd: FigureScript = {
  name: 'leaf-crowd',
  async run(server, isQuick) {
    const count = isQuick ? LEAFS / 10 : LEAFS;
    const figures: Figure[] = [];
    for (const subjects of [0, 1]) {
      const port = await freePort();
      const hub = await startServer(server, { config: `server_name: hub\nleafnodes { listen: "127.0.0.1:${port}" }` });
      try {
        const before = await settledUsage(hub.pid);
        const leafs = await hangLeafs(port, count, subjects);
        const { residentBytes } = await settledUsage(hub.pid);
        for (const leaf of leafs) leaf.destroy();
        const what = `memory of a hub with ${count} leafs that want ${subjects} subjects each`;
        if (subjects === 0) figures.push(information('the same hub without leafs', megabytes(before.residentBytes)));
        if (subjects > 0) figures.push(information(what, megabytes(residentBytes)));
        else
          figures.push(figure(what, megabytes(residentBytes), `under ${MAX_MB} MB`, residentBytes < MAX_MB * MEGABYTE));
      } finally {
        await hub.stop();
      }
    }
    return figures;
  },
};

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

async function hangLeafs(port: number, count: number, subjects: number): Promise<Socket[]> {
  const leafs: Socket[] = [];
  while (leafs.length < count) {
    const batch = Array.from({ length: BATCH }, (_, at) => hangLeaf(port, leafs.length + at, subjects));
    leafs.push(...(await Promise.all(batch)));
  }
  return leafs;
}

/** Speaks as little of the protocol as it takes to stay. */
function hangLeaf(port: number, index: number, subjects: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  const said = { server_id: `LEAF${index}`, name: `leaf${index}`, headers: true, version: '2.11.0', protocol: 1 };
  const wants = Array.from({ length: subjects }, (_, at) => `LS+ leaf.${index}.${at}\r\n`).join('');
  return new Promise((resolve, reject) => {
    let isGreeted = false;
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (!isGreeted && text.includes('INFO {')) {
        isGreeted = true;
        socket.write(`CONNECT ${JSON.stringify(said)}\r\n${wants}PING\r\n`);
      }
      if (text.includes('PING\r\n')) socket.write('PONG\r\n');
      if (text.includes('PONG\r\n')) resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the hub closed a leaf')));
  });
}
