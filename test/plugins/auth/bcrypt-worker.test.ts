import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BcryptWorker } from '../../../plugins/auth/credentials/bcrypt-worker.ts';

const CHEAP = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
/** A hash that would take hours: its cost is the highest there is. */
const ENDLESS = '$2b$31$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';

/** A world whose time moves when told. */
function world() {
  const timers = new Map<object, { milliseconds: number; run: () => void }>();
  const failures: string[] = [];
  return {
    failures,
    pending: () => [...timers.values()].map(({ milliseconds }) => milliseconds),
    after: (milliseconds: number, run: () => void) => {
      const key = {};
      timers.set(key, { milliseconds, run });
      return () => void timers.delete(key);
    },
    failed: (error: Error) => void failures.push(error.message),
    elapse: () => {
      for (const [key, { run }] of [...timers]) {
        timers.delete(key);
        run();
      }
    },
  };
}

test('a password is compared in another thread, while this one goes on', async () => {
  const outside = world();
  const worker = new BcryptWorker(outside);
  let turns = 0;
  let isDone = false;
  const answer = worker.compare(CHEAP, 's3cret').finally(() => {
    isDone = true;
  });
  while (!isDone) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.is(await answer, true);
  assert.is(await worker.compare(CHEAP, 'wrong'), false);
  assert.ok(turns > 1, `${turns} turns`);
  worker.close();
  assert.equal(outside.failures, []);
});

test('the thread is started by the first comparison, and ends when there was none for a minute', async () => {
  const outside = world();
  const worker = new BcryptWorker(outside);
  assert.not(worker.isRunning);
  await worker.compare(CHEAP, 's3cret');
  assert.ok(worker.isRunning);
  assert.equal(outside.pending(), [60_000]);
  outside.elapse();
  assert.not(worker.isRunning);
  assert.is(await worker.compare(CHEAP, 's3cret'), true);
  worker.close();
});

test('a comparison that takes more than ten seconds is given up, and refused', async () => {
  const outside = world();
  const worker = new BcryptWorker(outside);
  const endless = worker.compare(ENDLESS, 's3cret');
  assert.equal(outside.pending(), [10_000]);
  outside.elapse();
  assert.is(await endless, false);
  assert.match(outside.failures.join(), /more than 10 s: give the hash a lower cost/);
  assert.is(await worker.compare(CHEAP, 's3cret'), true);
  worker.close();
});

test('whoever waits when the thread is ended is refused', async () => {
  const worker = new BcryptWorker(world());
  const answers = [worker.compare(ENDLESS, 'a'), worker.compare(CHEAP, 's3cret')];
  worker.close();
  assert.equal(await Promise.all(answers), [false, false]);
  assert.not(worker.isRunning);
});

test.run();
