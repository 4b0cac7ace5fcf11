/** Subjects of requests and acknowledgements. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ACK,
  ackKindOf,
  NAK,
  NEXT,
  nakDelay,
  PROGRESS,
  TERM,
  termReason,
  UNKNOWN_ACK,
} from '../../../protocols/jetstream/ack-body.ts';
import {
  AckPosition,
  ackPatterns,
  ackPrefix,
  ackSubject,
  parseAckSubject,
} from '../../../protocols/jetstream/ack-subject.ts';
import {
  buildApiSubject,
  domainMappings,
  parseApiSubject,
  withoutDomain,
} from '../../../protocols/jetstream/api-subject.ts';
import { collide, isSubset, isValidLiteral, isValidSubject } from '../../../protocols/jetstream/subject-rules.ts';

const nothing = { stream: '', consumer: '', filter: '', account: '' };

test('every subject of the API says what it asks, and is built back the same', () => {
  const table = [
    ['INFO', { endpoint: 'INFO' }],
    ['STREAM.CREATE.S', { endpoint: 'STREAM.CREATE', stream: 'S' }],
    ['STREAM.NAMES', { endpoint: 'STREAM.NAMES' }],
    ['STREAM.MSG.GET.S', { endpoint: 'STREAM.MSG.GET', stream: 'S' }],
    ['STREAM.LEADER.STEPDOWN.S', { endpoint: 'STREAM.LEADER.STEPDOWN', stream: 'S' }],
    ['CONSUMER.CREATE.S', { endpoint: 'CONSUMER.CREATE', stream: 'S' }],
    ['CONSUMER.CREATE.S.C', { endpoint: 'CONSUMER.CREATE', stream: 'S', consumer: 'C' }],
    ['CONSUMER.CREATE.S.C.a.*.>', { endpoint: 'CONSUMER.CREATE', stream: 'S', consumer: 'C', filter: 'a.*.>' }],
    ['CONSUMER.DURABLE.CREATE.S.C', { endpoint: 'CONSUMER.DURABLE.CREATE', stream: 'S', consumer: 'C' }],
    ['CONSUMER.MSG.NEXT.S.C', { endpoint: 'CONSUMER.MSG.NEXT', stream: 'S', consumer: 'C' }],
    ['DIRECT.GET.S', { endpoint: 'DIRECT.GET', stream: 'S' }],
    ['DIRECT.GET.S.a.b', { endpoint: 'DIRECT.GET', stream: 'S', filter: 'a.b' }],
    ['ACCOUNT.STREAM.MOVE.A.S', { endpoint: 'ACCOUNT.STREAM.MOVE', account: 'A', stream: 'S' }],
  ] as const;
  for (const [subject, address] of table) {
    assert.equal(parseApiSubject(`$JS.API.${subject}`), { ...nothing, ...address }, subject);
    assert.is(buildApiSubject(address), `$JS.API.${subject}`);
  }
});

test('subjects that nobody answers are told from those of the API', () => {
  for (const subject of [
    'STREAM.INFO',
    'STREAM.INFO.a.b',
    'STREAM.FOO.x',
    'CONSUMER.CREATE',
    'CONSUMER.DURABLE.CREATE.S',
    'CONSUMER.DURABLE.CREATE.S.C.f',
    'CONSUMER.INFO.S',
    'INFO.x',
    '',
    'STREAM..INFO',
    'toString',
  ]) {
    assert.is(parseApiSubject(`$JS.API.${subject}`), null, subject);
  }
  assert.is(parseApiSubject('$JS.FOO.STREAM.INFO.S'), null);
});

test('a domain is another way to the same requests', () => {
  assert.is(withoutDomain('$JS.hub.API.STREAM.INFO.S', 'hub'), '$JS.API.STREAM.INFO.S');
  assert.is(withoutDomain('$JS.API.STREAM.INFO.S', 'hub'), '$JS.API.STREAM.INFO.S');
  assert.is(domainMappings('hub').length, 9);
  assert.equal(domainMappings('hub')[0], ['$JS.hub.API.INFO', '$JS.API.INFO']);
  assert.equal(domainMappings('hub').at(-2), ['$JS.hub.API.$KV.>', '$KV.>']);
});

test('both forms of an ack subject say the same', () => {
  const position = new AckPosition();
  const place = { domain: 'hub', accountHash: 'ACCHASH1' };
  const numbers = { deliveries: 2, streamSequence: 17, consumerSequence: 9, milliseconds: 1767323045000, nanos: 1 };
  for (const prefix of [ackPrefix('S', 'C'), ackPrefix('S', 'C', place)]) {
    const bytes = Buffer.from(`xx${ackSubject(prefix, { ...numbers, pending: 3 })}`);
    assert.ok(parseAckSubject(bytes, 2, bytes.length, position));
    assert.is(bytes.toString('latin1', position.streamStart, position.streamEnd), 'S');
    assert.is(bytes.toString('latin1', position.consumerStart, position.consumerEnd), 'C');
    assert.equal([position.deliveries, position.streamSequence, position.consumerSequence], [2, 17, 9]);
  }
  assert.is(ackSubject(ackPrefix('S', 'C'), { ...numbers, pending: 3 }), '$JS.ACK.S.C.2.17.9.1767323045000000001.3');
  assert.equal(ackPatterns('S', 'C', { domain: '', accountHash: 'H' }), [
    '$JS.ACK.S.C.*.*.*.*.*',
    '$JS.ACK._.H.S.C.*.*.*.*.>',
  ]);
});

test('a newer ack subject may carry more than is known', () => {
  const position = new AckPosition();
  const bytes = Buffer.from('$JS.ACK._.HASH.S.C.1.2.3.4.5.random');
  assert.ok(parseAckSubject(bytes, 0, bytes.length, position));
  assert.is(position.consumerSequence, 3);
});

test('what is no ack subject is none', () => {
  const position = new AckPosition();
  for (const subject of [
    '$JS.ACK.S.C.1.2.3.4',
    '$JS.ACK.S.C.1.2.3.4.5.6',
    '$JS.ACK.S.C.x.2.3.4.5',
    '$JS.ACK.S.C.1..3.4.5',
    '$JS.ACK.S.C.1.9999999999999999.3.4.5',
    '',
  ]) {
    const bytes = Buffer.from(subject);
    assert.not.ok(parseAckSubject(bytes, 0, bytes.length, position), subject);
  }
});

test('the body of an acknowledgement says what is to happen', () => {
  const table = [
    ['', ACK],
    ['+ACK', ACK],
    ['+OK', ACK],
    ['-NAK', NAK],
    ['-NAK {"delay":5}', NAK],
    ['+WPI', PROGRESS],
    ['+WPI ', UNKNOWN_ACK],
    ['+NXT', NEXT],
    ['+NXT 10', NEXT],
    ['+TERM', TERM],
    ['+TERM for good', TERM],
    ['+TER', UNKNOWN_ACK],
    ['hello', UNKNOWN_ACK],
    ['+', UNKNOWN_ACK],
    ['-NA', UNKNOWN_ACK],
  ] as const;
  for (const [text, kind] of table) assert.is(ackKindOf(Buffer.from(text), 0, text.length), kind, text);
});

test('a negative acknowledgement may ask for a delay', () => {
  const delayOf = (text: string): bigint => nakDelay(Buffer.from(text), 0, Buffer.byteLength(text));
  assert.is(delayOf('-NAK'), 0n);
  assert.is(delayOf('-NAK {"delay": 5000000000}'), 5_000_000_000n);
  assert.is(delayOf('-NAK 3s'), 3_000_000_000n);
  assert.is(delayOf('-NAK {"delay"'), 0n);
  assert.is(delayOf('-NAK soon'), 0n);
  assert.is(termReason(Buffer.from('+TERM  for good '), 0, 16), 'for good');
});

test('subjects of configurations are compared token by token', () => {
  assert.ok(isValidSubject('a.*.>'));
  for (const subject of ['', 'a..b', '.a', 'a.', 'a.>.b', 'a b', 'a\tb'])
    assert.not.ok(isValidSubject(subject), subject);
  assert.ok(isValidLiteral('a.b*'));
  assert.not.ok(isValidLiteral('a.*'));
  const table = [
    ['a.b', 'a.b', true, true],
    ['a.b', 'a.*', true, true],
    ['a.*', '*.b', true, false],
    ['a', 'a.>', false, false],
    ['a.b.c', 'a.>', true, true],
    ['>', 'a', true, false],
    ['a.>', 'a.*', true, false],
    ['a.b', 'a.c', false, false],
  ] as const;
  for (const [left, right, collides, isInside] of table) {
    assert.is(collide(left, right), collides, `${left} ${right}`);
    assert.is(collide(right, left), collides, `${right} ${left}`);
    assert.is(isSubset(left, right), isInside, `${left} ${right}`);
  }
});

test.run();
