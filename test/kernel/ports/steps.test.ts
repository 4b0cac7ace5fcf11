import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inTurns, outcomeOf, STEPS_AT_ONCE, type Steps } from '../../../kernel/ports/steps.ts';

function* count(to: number): Steps<number> {
  let done = 0;
  for (; done < to; done++) yield;
  return done;
}

test('steps done at once give their outcome', () => {
  assert.is(outcomeOf(count(0)), 0);
  assert.is(outcomeOf(count(1_000)), 1_000);
});

for (const [steps, pauses] of [
  [0, 0],
  [STEPS_AT_ONCE - 1, 0],
  [STEPS_AT_ONCE, 1],
  [3 * STEPS_AT_ONCE + 1, 3],
] as const) {
  test(`${steps} steps done a few at a time pause ${pauses} times`, async () => {
    let paused = 0;
    const outcome = await inTurns(count(steps), async () => {
      paused++;
    });
    assert.is(outcome, steps);
    assert.is(paused, pauses);
  });
}

test('what fails in a step fails the whole', async () => {
  function* failing(): Steps<void> {
    yield;
    throw new Error('no');
  }
  let message = '';
  await inTurns(failing(), async () => {}).catch((error) => {
    message = error.message;
  });
  assert.is(message, 'no');
});

test.run();
