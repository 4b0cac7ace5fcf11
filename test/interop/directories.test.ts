/** Directories of accounts at this project's servers and genuine ones that form a cluster. */
import { test } from 'uvu';
import { DIRECTORY_STORIES } from '../plugins/resolver-directory/clustered.ts';
import { withNodes } from '../plugins/route/nodes.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

for (const { program, version } of targets) {
  for (const [what, play] of Object.entries(DIRECTORY_STORIES)) {
    test(`${what}: nats-server ${version} has the accounts`, () => withNodes((add) => play(add, program, '')));
    test(`${what}: nats-server ${version} gets them`, () => withNodes((add) => play(add, '', program)));
  }
}

test.run();
