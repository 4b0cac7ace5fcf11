/** The clock of the machine is set while streams are in use. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SteadyClock } from '../../../plugins/jetstream/steady-clock.ts';
import { FakeClock } from '../../kits/fake-ports.ts';
import { type ClockedClient, type ClockedStreams, clocked } from './clocked-streams.ts';

const HOUR_MS = 3_600_000;
const SECOND = 1_000_000_000;

function steady() {
  const machine = new FakeClock();
  const told: number[] = [];
  const clock = new SteadyClock(machine, (milliseconds) => void told.push(milliseconds));
  return { machine, clock, told, start: machine.now() };
}

test('D-24: a jump of more than five seconds counts only after it lasted for thirty, and is told once', async () => {
  for (const jump of [HOUR_MS, -HOUR_MS, 5001, -5001]) {
    const { machine, clock, told, start } = steady();
    await machine.advance(2000);
    machine.jump(jump);
    assert.is(clock.now(), start + 2000);
    await machine.advance(29_999);
    assert.is(clock.now(), start + 31_999, 'time goes on as before');
    await machine.advance(1);
    assert.is(clock.now(), start + 32_000 + jump);
    assert.equal(told, [jump]);
    await machine.advance(60_000);
    assert.is(clock.now(), start + 92_000 + jump);
  }
});

test('D-24: a jump of five seconds or less counts at once', async () => {
  for (const jump of [5000, -5000]) {
    const { machine, clock, told, start } = steady();
    await machine.advance(2000);
    machine.jump(jump);
    assert.is(clock.now(), start + 2000 + jump);
    assert.equal(told, []);
  }
});

test('D-24: an excursion that is over before was never there, and the next one is held anew', async () => {
  const { machine, clock, told, start } = steady();
  for (const jump of [HOUR_MS, -HOUR_MS]) {
    machine.jump(jump);
    clock.now();
    await machine.advance(20_000);
    assert.is(clock.now(), machine.now() - jump);
    machine.jump(-jump);
    assert.is(clock.now(), machine.now());
  }
  assert.is(clock.now(), start + 40_000);
  assert.equal(told, [HOUR_MS], 'no second line within the time that a jump is held');
});

test('D-24: a jump within a jump begins a new wait', async () => {
  const { machine, clock, start } = steady();
  machine.jump(HOUR_MS);
  clock.now();
  await machine.advance(29_000);
  machine.jump(HOUR_MS);
  assert.is(clock.now(), start + 29_000);
  await machine.advance(29_999);
  assert.is(clock.now(), start + 58_999);
  await machine.advance(1);
  assert.is(clock.now(), start + 59_000 + 2 * HOUR_MS);
});

/** Everything that has its time: by age, TTL, window, schedule. */
async function timed(streams: ClockedStreams): Promise<ClockedClient> {
  const features = { allow_msg_ttl: true, allow_msg_schedules: true, duplicate_window: 120 * SECOND };
  await streams.stream({ max_age: 600 * SECOND, ...features });
  const client = await streams.client('acks');
  await client.send(published('s.aged', {}));
  await client.send(published('s.brief', { 'Nats-TTL': '100s' }));
  await client.send(published('s.known', { 'Nats-Msg-Id': 'one' }));
  const due = new Date(Date.UTC(2020, 0, 1, 0, 30)).toISOString().replace('.000', '');
  await client.send(published('s.plan', { 'Nats-Schedule': `@at ${due}`, 'Nats-Schedule-Target': 's.fired' }));
  client.heard();
  return client;
}

function published(subject: string, fields: Record<string, string>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const block = `NATS/1.0\r\n${lines.join('')}\r\n`;
  return `HPUB ${subject} acks ${block.length} ${block.length + 1}\r\n${block}x\r\n`;
}

const stateOf = async (streams: ClockedStreams) => (await streams.ask('STREAM.INFO.S')).state;

test('D-24: an hour ahead or back for less than thirty seconds expires nothing, forgets no id and fires no schedule', async () => {
  for (const jump of [HOUR_MS, -HOUR_MS]) {
    await clocked(async (streams) => {
      const client = await timed(streams);
      await streams.advance(2000);
      streams.jump(jump);
      await client.send(published('s.more', {}));
      await streams.advance(29_000);
      assert.is((await stateOf(streams)).messages, 5);
      await client.send(published('s.known', { 'Nats-Msg-Id': 'one' }));
      assert.match(client.heard(), '"duplicate": true');
      streams.jump(-jump);
      await streams.advance(29_000);
      const state = await stateOf(streams);
      assert.is(state.messages, 5);
      assert.is(state.last_ts, '2020-01-01T00:00:02Z', 'what came meanwhile has the time before the jump');
      const lines = streams.told('the clock of this machine jumped');
      assert.is(lines.length, 1);
      assert.match(lines[0]!, `3600 seconds ${jump > 0 ? 'ahead' : 'back'}`);
      // What is due by itself still comes: the TTL, and then the age.
      await streams.advance(60_000);
      assert.is((await stateOf(streams)).messages, 4);
    });
  }
});

test('D-24: a clock that stays an hour ahead is believed, and all that is over then goes', () =>
  clocked(async (streams) => {
    const client = await timed(streams);
    streams.jump(HOUR_MS);
    await client.send(published('s.more', {}));
    await streams.advance(30_000);
    await client.send(published('s.more', {}));
    await streams.advance(100_000);
    const { messages, last_ts } = await stateOf(streams);
    assert.is(messages, 1, 'the newest alone');
    assert.match(last_ts, '2020-01-01T01:0');
  }));

test('D-24: times of a stream never go back, whatever the clock says', () =>
  clocked(async (streams) => {
    await streams.stream();
    const client = await streams.client('acks');
    let last = '';
    for (const jump of [0, -4000, 3000, -HOUR_MS, 2000, HOUR_MS, -2 * HOUR_MS]) {
      streams.jump(jump);
      await client.send(published('s.a', {}));
      await streams.advance(31_000);
      await client.send(published('s.a', {}));
      const { last_ts } = await stateOf(streams);
      assert.ok(last_ts >= last, `${last_ts} after ${last}`);
      last = last_ts;
    }
    const { state } = await streams.ask('STREAM.INFO.S');
    for (let seq = 2; seq <= state.last_seq; seq++) {
      const [one, other] = [await timeOf(streams, seq - 1), await timeOf(streams, seq)];
      assert.ok(other >= one, `${other} after ${one}`);
    }
  }));

async function timeOf(streams: ClockedStreams, seq: number): Promise<number> {
  return Date.parse((await streams.ask('STREAM.MSG.GET.S', { seq })).message.time);
}

test.run();
