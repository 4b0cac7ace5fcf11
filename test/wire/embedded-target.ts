/** This broker within the test's own process, behind a port of its own: quick to start, and blind to signals. */
import { createServer } from '../../bin/index.ts';
import { openSocket, type Target, withFixtures } from './targets.ts';

export function embeddedTarget(): Target {
  return {
    name: 'gnatlet, embedded',
    kind: 'gnatlet',
    version: '',
    program: '',
    async start(config) {
      const server = createServer({ configText: withFixtures(config), host: '127.0.0.1', port: -1 });
      await server.start();
      return {
        connect: () => openSocket(server.address!.port),
        signal: notHere,
        reload: notHere,
        stop: () => server.close(),
      };
    },
  };
}

async function notHere(): Promise<void> {
  throw new Error('an embedded broker has no process of its own');
}
