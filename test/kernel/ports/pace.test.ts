import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from '../../../kernel/ports/pace.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

test('a slice is over after two milliseconds, and a rest begins the next', async () => {
  const { clock } = createFakePorts();
  const pace = new Pace(clock);
  await clock.advance(1);
  assert.not(pace.isDue);
  await clock.advance(1);
  assert.ok(pace.isDue);
  await pace.rest();
  assert.not(pace.isDue);
});

test('of those who rest one goes on at a time, in their order', async () => {
  const { clock } = createFakePorts();
  const turns: string[] = [];
  const soon = clock.soon.bind(clock);
  clock.soon = (run) =>
    soon(() => {
      turns.push('turn');
      run();
    });
  const resting = ['a', 'b', 'c'].map((name) => new Pace(clock).rest().then(() => turns.push(name)));
  await Promise.all(resting);
  assert.equal(turns, ['turn', 'a', 'turn', 'b', 'turn', 'c']);
});

test.run();
