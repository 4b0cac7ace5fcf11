import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cookiesOf, hasToken, headerOf, offersExtension } from '../../../protocols/websocket/header-values.ts';
import { malformedAnswer, refusalAnswer, upgradeAnswer } from '../../../protocols/websocket/http-answer.ts';
import { type HeadOutcome, RequestHeadReader } from '../../../protocols/websocket/request-head.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';

function read(text: string): HeadOutcome {
  return new RequestHeadReader().read(Buffer.from(text, 'latin1'));
}

function headOf(text: string) {
  const outcome = read(text);
  if (outcome.kind !== 'head') throw new Error(`no head in ${JSON.stringify(text)}`);
  return outcome.head;
}

const REST = 'Host: a\r\nUpgrade: websocket\r\n\r\n';
const BAD = '400 Bad Request';

/** What nats-server 2.15.1 answered to each. */
const MALFORMED: [text: string, status: string][] = [
  ['GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n', `${BAD}: missing required Host header`],
  [`GET / HTTP/1.1\r\nHost: b\r\n${REST}`, BAD],
  ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', `${BAD}: malformed Host header`],
  [`GET / HTTQ/1.1\r\n${REST}`, BAD],
  ['GET /\r\n\r\n', BAD],
  [` / HTTP/1.1\r\n${REST}`, BAD],
  ['\x00\x01\x02\r\n\r\n', BAD],
  ['\r\nGET / HTTP/1.1\r\n', BAD],
  ['CONNECT {}\r\nPING\r\n', BAD],
  [`GET / HTTP/1.1\r\nfoo\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\n: foo\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\n foo: x\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\nfoo : bar\r\n${REST}`, `${BAD}: invalid header name`],
  [`GET / HTTP/1.1\r\nfoo: b\x01r\r\n${REST}`, BAD],
  [`GET x HTTP/1.1\r\n${REST}`, BAD],
  [`GET /%zz HTTP/1.1\r\n${REST}`, BAD],
  [`GET /\x7f HTTP/1.1\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\nContent-Length: x\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\nContent-Length: -1\r\n${REST}`, BAD],
  [`GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n${REST}`, BAD],
  [`GET / HTTP/2.1\r\n${REST}`, '505 HTTP Version Not Supported: unsupported protocol version'],
];

test('what is no request is told, in the words of nats-server', () => {
  for (const [text, status] of MALFORMED) {
    const outcome = read(text);
    assert.is(outcome.kind === 'malformed' ? outcome.malformed.status : outcome.kind, status, JSON.stringify(text));
  }
  const unknown = read(`GET / HTTP/1.1\r\nTransfer-Encoding: foo\r\n${REST}`);
  assert.equal(unknown, {
    kind: 'malformed',
    malformed: { status: '501 Not Implemented', body: 'Unsupported transfer encoding' },
  });
});

test('paths are what is asked for, without query and authority', () => {
  const paths = [
    ['/', '/'],
    ['/a/mqtt?x=/y', '/a/mqtt'],
    ['/%2Fmqtt', '/%2Fmqtt'],
    ['http://a/x', '/x'],
    ['http://a', '/'],
    ['ws://a:1/x/y?z', '/x/y'],
    ['*', '*'],
  ];
  for (const [target, path] of paths) assert.is(headOf(`GET ${target} HTTP/1.1\r\n${REST}`).path, path!);
});

test('headers are found in any spelling, over several lines, and with bare line feeds', () => {
  const lines = ['CONNECTION: a', 'Connection: b, Upgrade', 'X: 1', '  2', 'Empty:'];
  const head = headOf(`GET / HTTP/1.0\n${lines.join('\n')}\n\n`);
  assert.equal(head.headers.get('connection'), ['a', 'b, Upgrade']);
  assert.ok(hasToken(head.headers, 'connection', 'upgrade'));
  assert.not.ok(hasToken(head.headers, 'connection', 'upg'));
  assert.is(headerOf(head.headers, 'x'), '1 2');
  assert.is(headerOf(head.headers, 'empty'), '');
  assert.equal([head.minor, head.bodyBytes, head.method], [0, 0, 'GET']);
});

test('bodies are as long as they say', () => {
  const bodyOf = (lines: string): number => headOf(`GET / HTTP/1.1\r\n${lines}\r\n${REST}`).bodyBytes;
  assert.is(bodyOf('Content-Length: 12'), 12);
  assert.is(bodyOf('Content-Length: 12\r\nContent-Length: 12'), 12);
  assert.is(bodyOf('Transfer-Encoding: Chunked'), -1);
});

test('a head that comes in pieces is read when it is whole, each line once', () => {
  const text = `GET /x HTTP/1.1\r\nA: b\r\n${REST}rest`;
  const reader = new RequestHeadReader();
  const length = text.length - 'rest'.length;
  for (let end = 0; end < length; end++) {
    assert.is(reader.read(Buffer.from(text.slice(0, end))).kind, 'more', `after ${end} bytes`);
  }
  const outcome = reader.read(Buffer.from(text));
  assert.is(outcome.kind === 'head' && outcome.length, length);
});

test('noise is never read as more than it is, and never throws', () => {
  const seed = chosenSeed();
  const random = new Seeded(seed);
  const pieces = [
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    '\r\n',
    '\n',
    'Host: a',
    ':',
    'x',
    '\0',
    '\xff',
    '%',
    'Content-Length: 9',
  ];
  for (let round = 0; round < 20_000; round++) {
    const text = random.many(20, () => random.pick(pieces)).join('');
    const outcome = read(text);
    if (outcome.kind === 'head') assert.ok(outcome.length <= text.length, `GNATLET_SEED=${seed}, round ${round}`);
  }
});

test('cookies are told apart, the last of a name counts, and what is none is passed over', () => {
  const cookies = (...lines: string[]) => Object.fromEntries(cookiesOf(new Map([['cookie', lines]])));
  assert.equal(cookies('a=1; b="2";c=x=y ;; =; d; e=\u00ff; a=3', 'f=4'), { a: '3', b: '2', c: 'x=y', f: '4' });
  assert.equal(cookiesOf(new Map()).size, 0);
});

test('an extension is offered with whatever parameters', () => {
  const offers = (value: string) =>
    offersExtension(new Map([['sec-websocket-extensions', [value]]]), 'permessage-deflate');
  assert.ok(offers('permessage-deflate; client_max_window_bits'));
  assert.ok(offers('x-other, permessage-deflate'));
  assert.not.ok(offers('permessage-deflated'));
  assert.not.ok(offersExtension(new Map(), 'permessage-deflate'));
});

test('answers are byte for byte those of nats-server', () => {
  const date = 'Sat, 28 Nov 2026 16:39:29 GMT';
  const head = { status: '400 Bad Request', minor: 1, isHeadOnly: false, connection: '' as const, date };
  const lines = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/plain; charset=utf-8',
    'Sec-Websocket-Version: 13',
    'X-Content-Type-Options: nosniff',
    `Date: ${date}`,
    'Content-Length: 12',
  ];
  assert.is(refusalAnswer(head), `${lines.join('\r\n')}\r\n\r\nBad Request\n`);
  assert.is(refusalAnswer({ ...head, isHeadOnly: true }), `${lines.join('\r\n')}\r\n\r\n`);
  assert.match(
    refusalAnswer({ ...head, minor: 0, connection: 'close' }),
    /^HTTP\/1\.0 .*\r\nConnection: close\r\n\r\n/s,
  );
  assert.is(
    malformedAnswer({ status: '431 Request Header Fields Too Large', body: 'x' }),
    'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nx',
  );
  assert.is(
    upgradeAnswer({ accept: 'k=', isCompressed: true, isMaskless: true, subprotocol: 'mqtt', headers: { 'X-A': 'b' } }),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: k=\r\n' +
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n' +
      'Nats-No-Masking: true\r\nSec-Websocket-Protocol: mqtt\r\nX-A: b\r\n\r\n',
  );
});

test.run();
