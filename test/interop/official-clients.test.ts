/** What the official clients are shown to see with us, they see with genuine servers. */
import type { Socket } from 'node:net';
import { ACCESS_BEHAVIOURS } from '../compat/access-behaviours.ts';
import { REMOTE_CLIENTS } from '../compat/clients.ts';
import { EVERYDAY_BEHAVIOURS } from '../compat/everyday-behaviours.ts';
import { LIFECYCLE_BEHAVIOURS } from '../compat/lifecycle-behaviours.ts';
import { type PlayedBroker, suitesFor } from '../compat/play.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets, type Target } from '../wire/targets.ts';

async function startGenuine(target: Target, config: object): Promise<PlayedBroker> {
  const running = await target.start(JSON.stringify(config));
  const probe = (await running.connect()) as Socket;
  const port = probe.remotePort;
  probe.destroy();
  return { url: `nats://127.0.0.1:${port}`, embedded: null, stop: () => running.stop() };
}

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');
for (const target of targets) {
  const all = [...EVERYDAY_BEHAVIOURS, ...LIFECYCLE_BEHAVIOURS, ...ACCESS_BEHAVIOURS];
  const suites = suitesFor(all, REMOTE_CLIENTS, target.name, (config) => startGenuine(target, config));
  for (const test of suites) test.run();
}
