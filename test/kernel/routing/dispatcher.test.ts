import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { Dispatcher } from '../../../kernel/routing/dispatcher.ts';
import type { Link } from '../../../kernel/routing/link.ts';
import { Message } from '../../../kernel/routing/message.ts';
import { Sublist } from '../../../kernel/routing/sublist.ts';
import { LINK_SINK, SERVICE_SINK, type ServiceSink, Subscription } from '../../../kernel/routing/subscription.ts';

/** A line to another server that only writes down what it is given. */
class FakeLink implements Link {
  readonly kind = LINK_SINK;
  readonly originBit: number;
  readonly refusesOrigins: number;
  readonly isFallback: boolean;
  readonly frames: string[] = [];

  constructor({ originBit = 1, refusesOrigins = 0, isFallback = false } = {}) {
    this.originBit = originBit;
    this.refusesOrigins = refusesOrigins;
    this.isFallback = isFallback;
  }

  deliver(_: Message, plain: readonly Subscription[], queues: readonly Subscription[]): boolean {
    this.frames.push([`${plain.length}`, ...queues.map(({ queue }) => queue).sort()].join(' '));
    return true;
  }
}

class Listener implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly isWilling: boolean;
  count = 0;

  constructor(isWilling = true) {
    this.isWilling = isWilling;
  }

  deliver(): boolean {
    if (this.isWilling) this.count++;
    return this.isWilling;
  }
}

function bench() {
  const sublist = new Sublist();
  const dispatcher = new Dispatcher(Object.assign(FastRandom.fromSeed(7), { bytes: () => new Uint8Array(0) }));
  return {
    add(sink: Link | ServiceSink, pattern: string, queue = '', weight = 1): Subscription {
      const subscription = new Subscription(sink, pattern, queue, '1');
      subscription.weight = weight;
      sublist.insert(subscription);
      return subscription;
    },
    sendToGroup(subject: string, name: string): boolean {
      return dispatcher.dispatchToGroup(sublist.matchSubject(subject), new Message(), name, null);
    },
    send(subject: string, { originBit = 0, queues = null as string[] | null } = {}): number {
      const message = new Message();
      message.originBit = originBit;
      message.queues = queues;
      return dispatcher.dispatch(sublist.matchSubject(subject), message);
    },
  };
}

test('a remote with many matching subscriptions and queue groups gets one frame', () => {
  const { add, send } = bench();
  const link = new FakeLink();
  for (const pattern of ['a.b', 'a.*', '>']) add(link, pattern);
  add(link, 'a.b', 'q1');
  add(link, 'a.*', 'q2');
  assert.is(send('a.b'), 1);
  assert.equal(link.frames, ['3 q1 q2']);
});

test('a remote that only a queue group chose gets a frame that names the group', () => {
  const { add, send } = bench();
  const link = new FakeLink();
  add(link, 'a', 'q');
  assert.is(send('a'), 1);
  assert.equal(link.frames, ['0 q']);
});

test('a queue group spreads over here and there as the weights say', () => {
  const { add, send } = bench();
  const link = new FakeLink();
  const here = new Listener();
  add(here, 'a', 'q');
  add(link, 'a', 'q', 3);
  for (let sent = 0; sent < 4000; sent++) assert.is(send('a'), 1);
  assert.is(here.count + link.frames.length, 4000);
  assert.ok(Math.abs(here.count - 1000) < 150, `${here.count} of 4000 stayed here`);
});

test('a fallback link is chosen for a queue group only when nobody nearer takes the message', () => {
  const { add, send } = bench();
  const far = new FakeLink({ isFallback: true });
  const near = new Listener();
  add(far, 'a', 'q', 100);
  add(near, 'a', 'q');
  for (let sent = 0; sent < 50; sent++) send('a');
  assert.is(near.count, 50);
  assert.equal(far.frames, []);
  add(far, 'b', 'q');
  add(new Listener(false), 'b', 'q');
  assert.is(send('b'), 1);
  assert.equal(far.frames, ['0 q']);
});

test('a link gets nothing that came over a link it refuses', () => {
  const { add, send } = bench();
  const link = new FakeLink({ originBit: 2, refusesOrigins: 2 });
  add(link, 'a');
  add(link, 'a', 'q');
  assert.is(send('a', { originBit: 2 }), 0);
  assert.equal(link.frames, []);
  assert.is(send('a', { originBit: 4 }), 1);
  assert.equal(link.frames, ['1 q']);
});

test('when another server has chosen the queue groups, only those are served', () => {
  const { add, send } = bench();
  const [one, two] = [new Listener(), new Listener()];
  add(one, 'a', 'q1');
  add(two, 'a', 'q2');
  assert.is(send('a', { queues: ['q2'] }), 1);
  assert.equal([one.count, two.count], [0, 1]);
  assert.is(send('a', { queues: [] }), 0);
});

test('one group alone can be served, here or over a link', () => {
  const { add, sendToGroup } = bench();
  const [plain, one, two, link] = [new Listener(), new Listener(), new Listener(), new FakeLink()];
  add(plain, 'a');
  add(one, 'a', 'q');
  add(two, 'a', 'other');
  add(link, 'a', 'far');
  add(new Listener(false), 'a', 'unwilling');
  assert.equal([sendToGroup('a', 'q'), sendToGroup('a', 'none'), sendToGroup('a', 'unwilling')], [true, false, false]);
  assert.equal([plain.count, one.count, two.count], [0, 1, 0]);
  assert.ok(sendToGroup('a', 'far'));
  assert.equal(link.frames, ['0 far']);
});

test('a member that does not take the message is passed over', () => {
  const { add, send } = bench();
  const willing = new Listener();
  for (let count = 0; count < 9; count++) add(new Listener(false), 'a', 'q');
  add(willing, 'a', 'q');
  for (let sent = 0; sent < 20; sent++) assert.is(send('a'), 1);
  assert.is(willing.count, 20);
});

test.run();
