/** Messages that were read together share the time; nobody else sees a time that is over. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Broker, Clock } from '../../../kernel/plugin-api.ts';
import { InputTime } from '../../../plugins/jetstream/stream/input-time.ts';
import { MutableMoment } from '../../../plugins/jetstream/stream/moment.ts';

function ticking() {
  let asked = 0;
  const flow = { producer: {} as object | null, inputs: 0 };
  const clock = { now: () => ++asked };
  const time = new InputTime(clock as Clock, flow as Broker['flow']);
  return { time, flow };
}

test('one input asks the clock for some of its messages at once', () => {
  const { time } = ticking();
  const times = Array.from({ length: 65 }, () => time.now());
  assert.equal([...new Set(times)], [1, 2, 3]);
  assert.is(times.lastIndexOf(1), 31);
});

test('a moment gets the same time, but nothing earlier than what has happened', () => {
  const { time, flow } = ticking();
  const moment = new MutableMoment();
  time.tell(moment, { lastSeconds: 0, lastNanos: 0 });
  assert.equal([moment.seconds, moment.nanos, time.now()], [0, 1_000_000, 1]);
  flow.inputs++;
  time.tell(moment, { lastSeconds: 0, lastNanos: 2_000_001 });
  assert.equal([moment.seconds, moment.nanos, time.now()], [0, 2_000_001, 2]);
  time.tell(moment, { lastSeconds: 7, lastNanos: 0 });
  assert.equal([moment.seconds, moment.nanos], [7, 0]);
});

test('the next input asks again', () => {
  const { time, flow } = ticking();
  assert.is(time.now(), 1);
  flow.inputs++;
  assert.is(time.now(), 2);
  assert.is(time.now(), 2);
});

test('what comes from within the process is asked for each time, and leaves nothing for the input that follows', () => {
  const { time, flow } = ticking();
  flow.producer = null;
  assert.equal([time.now(), time.now()], [1, 2]);
  flow.producer = {};
  assert.equal([time.now(), time.now()], [3, 3]);
});

test.run();
