/** The official clients, over TCP and within the process, against a broker embedded in this test. */
import { skip } from '../runner/skip.ts';
import { ACCESS_BEHAVIOURS } from './access-behaviours.ts';
import { ALL_CLIENTS } from './clients.ts';
import { startEmbedded, understands } from './embedded-broker.ts';
import { EVERYDAY_BEHAVIOURS } from './everyday-behaviours.ts';
import { LIFECYCLE_BEHAVIOURS } from './lifecycle-behaviours.ts';
import { suitesFor } from './play.ts';
import type { Behaviour } from './stage.ts';

const access: Behaviour[] = [];
for (const behaviour of ACCESS_BEHAVIOURS) {
  if (await understands(behaviour.config ?? {})) access.push(behaviour);
  else skip(`${behaviour.name}: a plugin for it is not in this build`);
}
const behaviours = [...EVERYDAY_BEHAVIOURS, ...LIFECYCLE_BEHAVIOURS, ...access];
for (const test of suitesFor(behaviours, ALL_CLIENTS, 'gnatlet', startEmbedded)) test.run();
