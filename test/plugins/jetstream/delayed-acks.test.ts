/** Acknowledgements that wait for the disk: each is sent once, in order, to the reply subject it was asked for. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AckPages, REPLY_ON_PAGE_MAX } from '../../../plugins/jetstream/stream/ack-page.ts';
import { DelayedAcks } from '../../../plugins/jetstream/stream/delayed-acks.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';

function queue() {
  const sent: string[] = [];
  const acks = new DelayedAcks(new AckPages(), {
    send: (sequence, reply, start, end) => void sent.push(`${sequence} ${reply.toString('latin1', start, end)}`),
    refuse: (error, reply, start, end) => void sent.push(`${error.message} ${reply.toString('latin1', start, end)}`),
  });
  const wait = (ticket: number, sequence: number, reply: string): boolean => {
    const bytes = Buffer.from(`..${reply}..`, 'latin1');
    const isTaken = acks.addUsual(ticket, sequence, bytes, 2, 2 + reply.length);
    // The bytes are borrowed: what is read next takes their place.
    bytes.fill(0);
    return isTaken;
  };
  return { acks, sent, wait };
}

test('what is durable is acknowledged, and nothing beyond it', () => {
  const { acks, sent, wait } = queue();
  wait(1, 10, '_INBOX.a.1');
  wait(2, 11, '_INBOX.a.2');
  acks.add(2, () => sent.push('something else'));
  wait(3, 12, '_INBOX.a.2');
  acks.release(2);
  assert.equal(sent, ['10 _INBOX.a.1', '11 _INBOX.a.2', 'something else']);
  assert.is(acks.size, 1);
  acks.release(3);
  assert.equal(sent.slice(3), ['12 _INBOX.a.2']);
  assert.is(acks.size, 0);
});

test('whoever waits for what was lost is told so, in order, and once', () => {
  const { acks, sent, wait } = queue();
  for (let sequence = 1; sequence <= 600; sequence++) wait(sequence, sequence, 'r');
  acks.add(
    601,
    () => sent.push('something else'),
    (error) => sent.push(`other ${error.message}`),
  );
  wait(602, 602, 'x');
  acks.release(599);
  acks.fail(new Error('gone'));
  assert.equal(sent.slice(599), ['gone r', 'other gone', 'gone x']);
  assert.is(acks.size, 0);
  acks.release(1000);
  assert.is(sent.length, 602);
});

test('what is dropped is never acknowledged', () => {
  const { acks, sent, wait } = queue();
  wait(1, 10, 'x');
  acks.add(1, () => sent.push('something else'));
  acks.drop();
  wait(2, 11, 'y');
  acks.release(2);
  assert.equal(sent, ['11 y']);
});

test('whoever hears of one may add another', () => {
  const sent: number[] = [];
  const reply = Buffer.from('r');
  const acks: DelayedAcks = new DelayedAcks(new AckPages(), {
    send: (sequence) => {
      sent.push(sequence);
      if (sequence < 2000) acks.addUsual(sequence + 1, sequence + 1, reply, 0, 1);
    },
    refuse: () => {},
  });
  acks.addUsual(1, 1, reply, 0, 1);
  acks.release(5000);
  assert.is(sent.length, 2000);
  assert.is(acks.size, 0);
});

test('a reply subject that is too long for this is not taken', () => {
  const { acks, sent, wait } = queue();
  assert.ok(wait(1, 1, 'x'.repeat(REPLY_ON_PAGE_MAX)));
  assert.not(wait(1, 2, 'x'.repeat(REPLY_ON_PAGE_MAX + 1)));
  acks.release(1);
  assert.equal(
    sent.map((line) => line.length),
    [REPLY_ON_PAGE_MAX + 2],
  );
});

test('any mixture comes out as it went in', () => {
  const chance = new Seeded(chosenSeed());
  const { acks, sent, wait } = queue();
  const expected: string[] = [];
  let [ticket, released] = [0, 0];
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    ticket += chance.below(2);
    if (chance.once(20)) {
      const line = `other ${sequence}`;
      acks.add(ticket, () => sent.push(line));
      expected.push(line);
    } else {
      const reply = `_INBOX.${'i'.repeat(chance.below(60))}${chance.below(3)}`;
      assert.ok(wait(ticket, sequence, reply));
      expected.push(`${sequence} ${reply}`);
    }
    if (chance.once(400)) {
      released = released + chance.below(ticket - released + 1);
      acks.release(released);
    }
  }
  acks.release(ticket);
  assert.equal(sent, expected);
});

test.run();
