import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import { ReplyAllowances } from '../../../kernel/connection/reply-allowances.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

function remembering(max: number, rule = { max: 1, ttlMs: -1 }) {
  const { clock } = createFakePorts();
  return { clock, replies: new ReplyAllowances(rule, clock, max) };
}

function grantAll(replies: ReplyAllowances, count: number): void {
  for (let at = 0; at < count; at++) replies.grant(`in.${at}`);
}

for (const [count, forgotten] of [
  [9, 0],
  [10, 0],
  [11, 1],
  [13, 3],
] as const) {
  test(`of ${count} requests all but ${forgotten} may be answered, where 10 are remembered`, () => {
    const { replies } = remembering(10);
    grantAll(replies, count);
    assert.is(replies.size, count - forgotten);
    const refused = Array.from({ length: count }, (_, at) => at).filter((at) => !replies.use(`in.${at}`));
    assert.equal(
      refused,
      Array.from({ length: forgotten }, (_, at) => at),
      'the oldest',
    );
  });
}

test('a request that is repeated counts as young', () => {
  const { replies } = remembering(3);
  grantAll(replies, 3);
  replies.grant('in.0');
  replies.grant('in.3');
  assert.equal(
    ['in.0', 'in.1', 'in.2', 'in.3'].map((reply) => replies.use(reply)),
    [true, false, true, true],
  );
});

test('what was answered in between makes room', () => {
  const { replies } = remembering(3);
  for (let round = 0; round < 5; round++) {
    grantAll(replies, 3);
    for (let at = 0; at < 3; at++) assert.ok(replies.use(`in.${at}`));
    for (let at = 0; at < 3; at++) assert.not.ok(replies.use(`in.${at}`));
    assert.is(replies.size, 0);
  }
  grantAll(replies, 4);
  assert.equal([replies.size, replies.use('in.0'), replies.use('in.1')], [3, false, true]);
});

test('requests are forgotten when their time is over', async () => {
  const { clock, replies } = remembering(1000, { max: -1, ttlMs: 100 });
  replies.grant('old');
  await clock.advance(100);
  assert.ok(replies.use('old'));
  await clock.advance(1);
  assert.not.ok(replies.use('old'));
  grantAll(replies, 256);
  await clock.advance(101);
  grantAll(replies, 512);
  assert.ok(replies.size <= 512);
});

test('a flood of requests costs the same however many are remembered', () => {
  const max = DEFAULT_BROKER_OPTIONS.maxRememberedReplies;
  assert.is(max, 65_536);
  const { replies } = remembering(max);
  const begun = process.hrtime.bigint();
  grantAll(replies, 4 * max);
  const nanoseconds = Number(process.hrtime.bigint() - begun) / (4 * max);
  assert.is(replies.size, max);
  assert.ok(nanoseconds < 5000, `${nanoseconds.toFixed(0)} ns a request`);
});

test.run();
