import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readResponseHead } from '../../../protocols/websocket/response-head.ts';

const ANSWER = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Two: a\r\nx-two: b\r\n\r\nrest';

test('an answer is read when all of its head is there, and what follows is left', () => {
  const bytes = Buffer.from(ANSWER);
  const end = ANSWER.indexOf('rest');
  for (let length = 0; length < end; length++)
    assert.equal(readResponseHead(bytes.subarray(0, length)), { kind: 'more' }, `${length}`);
  const outcome = readResponseHead(bytes);
  if (outcome.kind !== 'head') throw new Error(outcome.kind);
  assert.equal([outcome.length, outcome.head.status, outcome.head.text], [end, 101, '101 Switching Protocols']);
  assert.equal(outcome.head.headers.get('x-two'), ['a', 'b']);
});

test('what is no answer is not waited for', () => {
  for (const text of [
    'INFO {"server_id"',
    '\x16\x03',
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno header\r\n\r\n',
  ]) {
    assert.is(readResponseHead(Buffer.from(text, 'latin1')).kind, 'malformed', text);
  }
});

test('an answer may do without a phrase, and with bare line feeds', () => {
  for (const text of ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.0 200 \n\n']) {
    const outcome = readResponseHead(Buffer.from(text));
    assert.equal(outcome.kind === 'head' && [outcome.head.status, outcome.head.text], [200, '200'], text);
  }
});

test.run();
