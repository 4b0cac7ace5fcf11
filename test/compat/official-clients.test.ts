/** The official clients, over TCP and within the process, against a broker embedded in this test. */
import { skip } from '../runner/skip.ts';
import { ACCESS_BEHAVIOURS } from './access-behaviours.ts';
import { ALL_CLIENTS } from './clients.ts';
import { startEmbedded, understands } from './embedded-broker.ts';
import { EVERYDAY_BEHAVIOURS } from './everyday-behaviours.ts';
import { LIFECYCLE_BEHAVIOURS } from './lifecycle-behaviours.ts';
import { suitesFor } from './play.ts';

const isUnderstood = new Map([
  ['auth', await understands({ authorization: { token: 'x' } })],
  ['tls', await understands({ tls: { timeout: 1 } })],
]);
for (const [plugin, isThere] of isUnderstood) {
  if (!isThere) skip(`the plugin ${plugin} is not in this build`);
}
const access = ACCESS_BEHAVIOURS.filter(({ needs }) => needs === undefined || isUnderstood.get(needs));
const behaviours = [...EVERYDAY_BEHAVIOURS, ...LIFECYCLE_BEHAVIOURS, ...access];
for (const test of suitesFor(behaviours, ALL_CLIENTS, 'gnatlet', startEmbedded)) test.run();
