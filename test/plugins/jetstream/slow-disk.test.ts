/** A disk that does not keep up with those who publish. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clocked } from './clocked-streams.ts';

test('whoever publishes faster than the disk writes is held up, and refused nothing', () =>
  clocked(async (streams) => {
    await streams.stream({ storage: 'file' });
    const client = await streams.client('in');
    const stored = async (): Promise<number> => (await streams.ask('STREAM.INFO.S')).state.messages;
    const disk = streams.driver as { isBehind?: boolean };
    disk.isBehind = true;
    await client.publish('s.1', 'x', 'in');
    assert.is(await stored(), 1, 'what came is stored');
    await client.publish('s.1', 'x', 'in');
    assert.is(await stored(), 1, 'more is not read yet');
    disk.isBehind = false;
    await streams.advance(10);
    assert.is(await stored(), 2);
    assert.not.match(client.heard(), '"error"');
    await client.publish('s.1', 'x', 'in');
    assert.is(await stored(), 3);
  }));

test.run();
