import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import type { FigureScript } from './figure.ts';
import { freePort, measureOneWay, PAYLOAD_BYTES, settle } from './one-way.ts';

const CLUSTER = ['--cluster_name', 'bench'];

export const routePair: FigureScript = {
  name: 'route-pair',
  async run(server, isQuick) {
    const [near, far] = await startPair(server);
    try {
      const what = `${PAYLOAD_BYTES}-byte messages to a subscriber at another server of the cluster`;
      return [...(await measureOneWay(near, far, isQuick ? 1 : 5, what))];
    } finally {
      await Promise.all([near, far].map((one) => one.stop()));
    }
  },
};

async function startPair(server: Server): Promise<readonly [RunningServer, RunningServer]> {
  const port = await freePort();
  const first = await startServer(server, { serverFlags: ['--cluster', `nats://127.0.0.1:${port}`, ...CLUSTER] });
  const routes = ['--cluster', 'nats://127.0.0.1:-1', '--routes', `nats://127.0.0.1:${port}`];
  const second = await startServer(server, { serverFlags: [...routes, ...CLUSTER] });
  await settle();
  return [first, second];
}
