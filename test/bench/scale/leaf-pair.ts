import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import type { Figure, FigureScript } from './figure.ts';
import { freePort, measureOneWay, PAYLOAD_BYTES, settle } from './one-way.ts';

/** The second is what leaf nodes do by default. */
const COMPRESSIONS = ['off', 's2_auto'];

export const leafPair: FigureScript = {
  name: 'leaf-pair',
  async run(server, isQuick) {
    const figures: Figure[] = [];
    for (const compression of COMPRESSIONS) {
      const [hub, leaf] = await startPair(server, compression);
      try {
        const seconds = isQuick ? 1 : 5;
        const what = `${PAYLOAD_BYTES}-byte messages over a leaf connection, compression ${compression}`;
        figures.push(...(await measureOneWay(hub, leaf, seconds, `${what}, hub to leaf`)));
        figures.push(...(await measureOneWay(leaf, hub, seconds, `${what}, leaf to hub`)));
      } finally {
        await Promise.all([hub, leaf].map((one) => one.stop()));
      }
    }
    return figures;
  },
};

async function startPair(server: Server, compression: string): Promise<readonly [RunningServer, RunningServer]> {
  const port = await freePort();
  const hub = await startServer(server, {
    config: `server_name: hub\nleafnodes { listen: "127.0.0.1:${port}", compression: ${compression} }`,
  });
  const leaf = await startServer(server, {
    config: `server_name: leaf\nleafnodes { remotes: [{ url: "nats-leaf://127.0.0.1:${port}", compression: ${compression} }] }`,
  });
  await settle();
  return [hub, leaf];
}
