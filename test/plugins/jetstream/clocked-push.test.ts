/** What push consumers send, and when: pace, replay, signs of life, flow control, groups. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clocked } from './clocked-streams.ts';

const START = 1_577_836_800_000;

/** How many messages of streams are in what was heard. */
const count = (text: string): number => text.split('$JS.ACK.').length - 1;

test('a consumer with a limit of bits a second sends no faster, and its burst is one message of the largest size', () =>
  clocked(async (streams) => {
    await streams.stream({ max_msg_size: 1000 });
    const client = await streams.client('to');
    // 8,000 bits are 1,000 bytes a second; each message counts for 500 with its subject and the one for its acknowledgement.
    const around = 's.a'.length + `$JS.ACK.S.C.1.1.1.${START}000000.4`.length;
    for (let at = 1; at <= 5; at++) await streams.store('s.a', 'x'.repeat(500 - around));
    await streams.consumer({ deliver_subject: 'to', rate_limit_bps: 8000, ack_policy: 'none' });
    await streams.turn();
    assert.is(count(client.heard()), 2);
    for (let more = 1; more <= 3; more++) {
      await streams.advance(499);
      assert.is(count(client.heard()), 0);
      await streams.advance(1);
      assert.is(count(client.heard()), 1);
    }
    await streams.advance(5000);
    assert.is(count(client.heard()), 0);
  }));

test('messages are sent again as they once came, and those that come later at once', () =>
  clocked(async (streams) => {
    await streams.stream();
    const client = await streams.client('to');
    await streams.store('s.a', '1');
    await streams.advance(250);
    await streams.store('s.a', '2');
    await streams.advance(700);
    await streams.store('s.a', '3');
    await streams.advance(60_000);
    await streams.consumer({ deliver_subject: 'to', replay_policy: 'original', ack_policy: 'none' });
    await streams.turn();
    assert.is(count(client.heard()), 1);
    await streams.advance(249);
    assert.is(count(client.heard()), 0);
    await streams.advance(1);
    assert.is(count(client.heard()), 1);
    await streams.advance(699);
    assert.is(count(client.heard()), 0);
    await streams.advance(1);
    assert.is(count(client.heard()), 1);
    await streams.store('s.a', '4');
    await streams.store('s.a', '5');
    assert.is(count(client.heard()), 2);
  }));

test('a sign of life comes when nothing else did for as long as was asked', () =>
  clocked(async (streams) => {
    await streams.stream();
    const client = await streams.client('to');
    await streams.consumer({ deliver_subject: 'to', idle_heartbeat: 1e9, ack_policy: 'none' });
    const beat = (consumer: number, stream: number): string => {
      const block = `NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: ${consumer}\r\nNats-Last-Stream: ${stream}\r\n\r\n`;
      return `HMSG to 1 ${block.length} ${block.length}\r\n${block}\r\n`;
    };
    await streams.advance(999);
    assert.is(client.heard(), '');
    await streams.advance(1);
    assert.is(client.heard(), beat(0, 0));
    await streams.advance(600);
    await streams.store('s.a', 'x');
    assert.is(client.heard(), `MSG s.a 1 $JS.ACK.S.C.1.1.1.${START + 1600}000000.0 1\r\nx\r\n`);
    await streams.advance(999);
    assert.is(client.heard(), '');
    await streams.advance(1);
    assert.is(client.heard(), beat(1, 1));
  }));

test('a client that does not confirm is sent no more than the window, and goes on when it does', () =>
  clocked(async (streams) => {
    await streams.stream();
    const client = await streams.client('to');
    for (let at = 0; at < 12; at++) await streams.store('s.a', 'x'.repeat(250_000));
    const settings = { deliver_subject: 'to', flow_control: true, idle_heartbeat: 1e9, ack_policy: 'none' };
    await streams.consumer(settings);
    await streams.turn();
    const first = client.heard();
    // The window is 2 MiB at first: the ninth message is the one that fills it.
    assert.is(count(first), 9);
    const asked = /to 1 (\$JS\.FC\.S\.C\.\w{4}) \d+ \d+\r\nNATS\/1\.0 100 FlowControl Request\r\n\r\n\r\n/.exec(first);
    assert.ok(asked !== null, 'it is asked for a confirmation');
    await streams.advance(1000);
    assert.match(client.heard(), `Nats-Consumer-Stalled: ${asked![1]}\r\n`);
    await client.publish('$JS.FC.S.C.none', '');
    assert.is(count(client.heard()), 0);
    await client.publish(asked![1]!, '');
    assert.is(count(client.heard()), 3);
    assert.is((await streams.info()).num_pending, 0);
  }));

test('each message goes to one of a group, and to none of another', () =>
  clocked(async (streams) => {
    await streams.stream();
    await streams.consumer({ deliver_subject: 'to', deliver_group: 'g', ack_policy: 'none' });
    const stranger = await streams.client('to');
    await streams.store('s.a', '0');
    assert.is(stranger.heard(), '');
    assert.is((await streams.info()).push_bound, undefined);
    const members = [await streams.client(), await streams.client(), await streams.client()];
    for (const member of members) await member.send('SUB to g 7\r\n');
    for (let at = 1; at < 60; at++) await streams.store('s.a', String(at));
    const heard = members.map((member) => count(member.heard()));
    assert.is(
      heard.reduce((sum, one) => sum + one, 0),
      60,
    );
    assert.ok(
      heard.every((one) => one > 5),
      heard.join(),
    );
    assert.is((await streams.info()).push_bound, true);
  }));

test('an ephemeral push consumer goes five seconds after the last who listens, a lasting one after its threshold', () =>
  clocked(async (streams) => {
    await streams.stream();
    const watcher = await streams.client('$JS.EVENT.ADVISORY.CONSUMER.DELETED.>');
    const client = await streams.client('to');
    const create = (name: string, more: object): Promise<unknown> =>
      streams.ask(`CONSUMER.CREATE.S.${name}`, {
        stream_name: 'S',
        config: { name, deliver_subject: 'to', ack_policy: 'none', ...more },
      });
    await create('E', {});
    await create('D', { durable_name: 'D', inactive_threshold: 20e9 });
    await create('F', { durable_name: 'F' });
    const names = async (): Promise<string> => (await streams.ask('CONSUMER.NAMES.S')).consumers.join();
    await streams.advance(60_000);
    assert.is(await names(), 'D,E,F');
    await client.send('UNSUB 1\r\n');
    await streams.advance(4_000);
    assert.is(await names(), 'D,E,F');
    await streams.advance(2_100);
    assert.is(await names(), 'D,F');
    assert.match(watcher.heard(), '"consumer":"E"');
    await streams.advance(15_100);
    assert.is(await names(), 'F');
    await streams.advance(60_000);
    assert.is(await names(), 'F');
  }));

test.run();
