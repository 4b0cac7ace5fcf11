import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { composed } from '../../../kernel/routing/compose.ts';
import { Dispatcher } from '../../../kernel/routing/dispatcher.ts';
import type { Link, LinkTracing } from '../../../kernel/routing/link.ts';
import type { Message } from '../../../kernel/routing/message.ts';
import { Sublist } from '../../../kernel/routing/sublist.ts';
import { LINK_SINK, SERVICE_SINK, type ServiceSink, Subscription } from '../../../kernel/routing/subscription.ts';
import { TraceRecord } from '../../../plugins/message-trace/record.ts';

class FakeLink implements Link {
  readonly kind = LINK_SINK;
  readonly originBit = 1;
  readonly refusesOrigins = 0;
  readonly isFallback = false;
  readonly tracing?: LinkTracing;
  readonly headers: string[] = [];

  constructor(tracing?: LinkTracing) {
    if (tracing !== undefined) this.tracing = tracing;
  }

  deliver(message: Message): boolean {
    this.headers.push(Buffer.from(message.header).toString());
    return true;
  }
}

const HEADER = Buffer.from('NATS/1.0\r\nNats-Trace-Hop: 9\r\nA: b\r\n\r\n');

function bench({ isOnly = false, hop = '' } = {}) {
  const sublist = new Sublist();
  const dispatcher = new Dispatcher(Object.assign(FastRandom.fromSeed(7), { bytes: () => new Uint8Array(0) }));
  let reports = 0;
  const request = { destination: 't', isOnly, hop, report: () => void reports++ };
  const trace = new TraceRecord(request, 'A', () => 0, { slot: null });
  return {
    trace,
    reports: () => reports,
    add: (sink: Link | ServiceSink, queue = '') => sublist.insert(new Subscription(sink, 'a', queue, '1')),
    send: (): number => {
      const message = composed({ subject: 'a', header: HEADER, body: 'hi' });
      return dispatcher.dispatchTraced(sublist.matchSubject('a'), message, trace);
    },
  };
}

const REMOTE: LinkTracing = { kind: 1, id: 7, name: 'remote', isUnderstood: true };

test('a message that goes on to other servers tells each of them its step', () => {
  const { add, send, trace } = bench();
  const links = [new FakeLink(REMOTE), new FakeLink({ ...REMOTE, id: 8 })];
  add(links[0]!);
  add(links[1]!, 'q');
  assert.is(send(), 2);
  assert.is(trace.hops, 2);
  assert.equal(
    links.map(({ headers }) => headers),
    [['NATS/1.0\r\nA: b\r\nNats-Trace-Hop: 1\r\n\r\n'], ['NATS/1.0\r\nA: b\r\nNats-Trace-Hop: 2\r\n\r\n']],
  );
  assert.is(
    JSON.stringify(trace.stations[0]),
    '{"type":"eg","ts":"1970-01-01T00:00:00Z","kind":1,"cid":7,"name":"remote","hop":"1"}',
  );
});

test('a server in the middle of the way counts on from its own step', () => {
  const { add, send } = bench({ hop: '1.2' });
  const link = new FakeLink(REMOTE);
  add(link);
  send();
  assert.match(link.headers[0] ?? '', 'Nats-Trace-Hop: 1.2.1\r\n');
});

test('a server that knows nothing of traces gets messages, but none that are only traced', () => {
  for (const isOnly of [false, true]) {
    const { add, send, trace } = bench({ isOnly });
    const link = new FakeLink({ ...REMOTE, isUnderstood: false });
    add(link);
    assert.is(send(), isOnly ? 0 : 1);
    assert.is(link.headers.length, isOnly ? 0 : 1);
    assert.is(
      trace.stations[0]?.error,
      isOnly
        ? 'Not delivered because remote does not support message tracing'
        : 'Message delivered but remote does not support message tracing so no trace event generated from there',
    );
  }
});

test('a service may show up in a trace, and have more to say later', () => {
  const { add, send, trace, reports } = bench({ isOnly: true });
  let plain = 0;
  const service: ServiceSink = { kind: SERVICE_SINK, deliver: () => ++plain > 0 };
  const stream: ServiceSink = {
    kind: SERVICE_SINK,
    deliver() {
      throw new Error('it wants to know about the trace');
    },
    deliverTraced(message, _, record) {
      record.hold();
      record.add(message, 'js', { stream: 'S' });
      return true;
    },
  };
  add(service);
  add(stream, 'q');
  assert.is(send(), 2);
  assert.is(plain, 1);
  assert.equal(
    trace.stations.map(({ type }) => type),
    ['js'],
  );
  trace.release();
  assert.is(reports(), 0);
  trace.release();
  assert.is(reports(), 1);
});

test.run();
