/** When it is written down where consumers stand, by the clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { SimulatedClock } from '../../../kernel/ports/simulated-clock.ts';
import { WritePace } from '../../../plugins/jetstream/consumer/write-pace.ts';
import type { StorageDriver } from '../../../storage-drivers/contract.ts';
import type { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { type ClockedClient, type ClockedStreams, clocked } from './clocked-streams.ts';

/** Says that it lasts, and counts what is written of consumers. */
class WatchedFiles {
  writes = 0;

  readonly over = (driver: MemoryDriver): StorageDriver => ({
    name: driver.name,
    supports: { ...driver.supports, durable: 'power' },
    open: async (id, options) => {
      const opened = await driver.open(id, options);
      const { cells } = opened.store;
      const put = cells.put.bind(cells);
      cells.put = (name, value) => {
        if (name.startsWith('consumer/')) this.writes++;
        return put(name, value);
      };
      return opened;
    },
    list: () => driver.list(),
    close: () => driver.close(),
  });

  /** How often since it was last asked. */
  taken(): number {
    const { writes } = this;
    this.writes = 0;
    return writes;
  }
}

const MESSAGES = 40;

async function reading(streams: ClockedStreams, config: object): Promise<ClockedClient> {
  await streams.stream({ storage: 'file' });
  for (let at = 0; at < MESSAGES; at++) await streams.store('s.a', 'x');
  await streams.consumer(config);
  return streams.client('in');
}

test('an acknowledgement that nobody waits for is written down within ten milliseconds, each of many', async () => {
  const files = new WatchedFiles();
  await clocked(async (streams) => {
    const client = await reading(streams, {});
    await client.pull({ batch: MESSAGES });
    const places = client.heard().match(/\$JS\.ACK\S+/g)!;
    assert.is(places.length, MESSAGES);
    await streams.advance(1_000);
    files.taken();
    for (const [at, place] of places.entries()) {
      await client.publish(place, ['+ACK', '+WPI', '-NAK', '+TERM'][at % 4]!);
      assert.is(files.taken(), 0, 'not at once');
      await streams.advance(10);
      assert.ok(files.taken() >= 1, `acknowledgement ${at}`);
      if (at % 5 === 0) await streams.advance(300);
      files.taken();
    }
  }, files.over);
});

test('what is only delivered is written down now and then', async () => {
  const files = new WatchedFiles();
  await clocked(async (streams) => {
    const client = await reading(streams, { ack_policy: 'none' });
    await streams.advance(1_000);
    files.taken();
    for (let at = 0; at < MESSAGES; at++) {
      await client.pull({ batch: 1 });
      await streams.advance(10);
    }
    const writes = files.taken();
    assert.ok(writes >= 1 && writes <= 3, `${writes} writes in 400 ms`);
    await streams.advance(1_000);
    assert.is(files.taken(), 1, 'the last of it');
    assert.is((await streams.info()).delivered.consumer_seq, MESSAGES);
  }, files.over);
});

test('the longer it takes to write, the less often it is done', () => {
  const clock = new SimulatedClock(FastRandom.fromSeed(1));
  const pace = new WritePace(clock);
  assert.is(pace.delayMs, 5);
  pace.wrote(clock.monotonic());
  assert.is(pace.delayMs, 5);
  pace.wrote(clock.monotonic() - 1);
  assert.ok(pace.delayMs > 50 && pace.delayMs < 100, String(pace.delayMs));
  pace.wrote(clock.monotonic() - 100);
  assert.is(pace.delayMs, 250);
});

test.run();
