/** Streams over leafs, with nats-server on either side and on both: it says what is right. */
import { test } from 'uvu';
import { STREAM_STORIES } from '../plugins/leaf/streams.ts';
import { withNodes } from '../plugins/route/nodes.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

/** Older ones know less of mirrors and buckets. */
const FIRST = 10;
const targets = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= FIRST);
if (targets.length === 0) skip('no nats-server from 2.10 on: none on PATH, and GNATLET_NATS_SERVER names none');

for (const { program, version } of targets) {
  for (const [which, hub, leaf] of [
    ['on both sides', program, program],
    ['the hub', program, ''],
    ['the leaf', '', program],
  ] as const) {
    for (const [what, play] of Object.entries(STREAM_STORIES)) {
      test(`${what}: nats-server ${version} is ${which}`, () => withNodes((add) => play(add, hub, leaf)));
    }
  }
}

test.run();
