/** Ids of messages are known for as long as the window is open, whatever else time does to a stream. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clocked } from './clocked-streams.ts';

const NANOS_PER_MS = 1e6;

test('an id is forgotten in time where a message without one came before it, and lives longer', () =>
  clocked(async (streams) => {
    await streams.stream({ max_age: 6000 * NANOS_PER_MS, duplicate_window: 1000 * NANOS_PER_MS });
    const client = await streams.client();
    const header = 'NATS/1.0\r\nNats-Msg-Id: one\r\n\r\n';
    const publish = (): Promise<void> => client.send(`HPUB s.1 in ${header.length} ${header.length}\r\n${header}\r\n`);
    await streams.store('s.0', 'without');
    await publish();
    await streams.advance(900);
    await publish();
    assert.is((await streams.ask('STREAM.INFO.S')).state.messages, 2, 'it was the same');
    await streams.advance(600);
    await publish();
    assert.is((await streams.ask('STREAM.INFO.S')).state.messages, 3, 'it is another');
  }));

test.run();
