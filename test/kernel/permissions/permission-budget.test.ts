import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PermissionSet } from '../../../kernel/permissions/permission-set.ts';

const RULES = 100;
const SUBJECTS = 4096;
const ROUNDS = 40;

/** A hundred rules of the kinds people write, half of them denials. */
const entries = Array.from(
  { length: RULES / 2 },
  (_, at) => [`orders.${at}.*`, `orders.*.eu.${at}`, `metrics.${at}.>`, `tenant${at}.device.*.state`][at % 4]!,
);
const set = new PermissionSet({
  publish: { allow: [...entries, 'open.>'], deny: entries.map((entry) => `open.${entry}`) },
  subscribe: { allow: null, deny: [] },
  responses: null,
});

/** All different, one after the other in one buffer, as in a read. */
const subjects = Array.from(
  { length: SUBJECTS },
  (_, at) =>
    [`orders.${at % 60}.${at}`, `open.tenant${at % 60}.device.${at}.state`, `open.some.thing.${at}`, `none.${at}`][
      at % 4
    ]!,
);
const starts: number[] = [];
const ends: number[] = [];
let length = 0;
for (const subject of subjects) {
  starts.push(length);
  length += subject.length;
  ends.push(length);
}
const bytes = Buffer.from(subjects.join(''), 'latin1');

function askAll(): number {
  let allowed = 0;
  for (let at = 0; at < SUBJECTS; at++) if (set.mayPublish(bytes, starts[at]!, ends[at]!)) allowed++;
  return allowed;
}

test('a subject never seen before is judged by 100 rules within a microsecond', () => {
  for (let round = 0; round < ROUNDS; round++) askAll();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = process.hrtime.bigint();
    askAll();
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / SUBJECTS);
  }
  assert.ok(best < 1000, `${best.toFixed(0)} ns a subject`);
});

test('judging a subject allocates nothing', () => {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 12; attempt++) {
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < ROUNDS; round++) askAll();
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / (ROUNDS * SUBJECTS));
  }
  assert.ok(least < 0.5, `${least.toFixed(2)} bytes a subject`);
});

test.run();
