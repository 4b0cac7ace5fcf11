/** How long the numbers of counters may be. */
import { headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type StreamingClient, withStreams } from './streaming-broker.ts';

const LONGEST = '9'.repeat(10_000);

async function added({ client }: StreamingClient, increment: string): Promise<string> {
  const made = headers();
  made.append('Nats-Incr', increment);
  return (await client.request('c', '', { headers: made, timeout: 5000 })).string();
}

test('increments of 10 000 digits are added up, longer ones are refused', () =>
  withStreams(async (streaming) => {
    await streaming.manager.streams.add({
      name: 'C',
      subjects: ['c'],
      storage: 'memory' as never,
      allow_msg_counter: true,
    });
    assert.match(await added(streaming, LONGEST), `"val":"${LONGEST}"`);
    assert.match(await added(streaming, LONGEST), `"val":"1${LONGEST.slice(1)}8"`);
    assert.match(await added(streaming, '1'), `"val":"1${LONGEST}"`);
    assert.match(await added(streaming, `1${LONGEST}`), '"err_code":10171');
  }));

test.run();
