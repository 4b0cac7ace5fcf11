/** What a published message asks of a stream, what a pull request asks of a consumer, and what both are told. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { apiError, printError } from '../../../protocols/jetstream/api-error.ts';
import { ERROR_TABLE } from '../../../protocols/jetstream/error-table.ts';
import { fieldOf, withFields, withoutFields } from '../../../protocols/jetstream/message-header.ts';
import {
  ackHead,
  printFlowAck,
  printFlowError,
  printFlowGap,
  printPublishAck,
  printPublishError,
} from '../../../protocols/jetstream/publish-ack.ts';
import {
  BATCH_COMMIT,
  EXPECTED_LAST_SEQUENCE,
  MSG_ID,
  PUBLISH_HEADER_NAMES,
  PublishHeaders,
  ROLLUP,
  scanPublishHeaders,
  TTL,
} from '../../../protocols/jetstream/publish-headers.ts';
import { PullRequest, parsePullRequest } from '../../../protocols/jetstream/pull-request.ts';
import { REQUEST_TIMEOUT, remainingHeaders, statusBlock } from '../../../protocols/jetstream/status.ts';

function scan(block: string): { headers: PublishHeaders; bytes: Buffer } {
  const bytes = Buffer.from(`xyz${block}body`);
  const headers = new PublishHeaders();
  scanPublishHeaders(bytes, 3, Buffer.byteLength(block), headers);
  return { headers, bytes };
}

test('every header a stream knows is found by its name alone', () => {
  for (const [index, name] of PUBLISH_HEADER_NAMES.entries()) {
    const { headers, bytes } = scan(`NATS/1.0\r\nother: 1\r\n${name}: value\r\nNats-Other: 2\r\n\r\n`);
    assert.is(headers.mask, 1 << index, name);
    assert.is(headers.text(bytes, index), 'value', name);
  }
});

test('the first of two headers counts, and spaces in front of a value do not', () => {
  const { headers, bytes } = scan('NATS/1.0\r\nNats-Msg-Id:   a b \r\nNats-Msg-Id:c\r\nNats-TTL:1s\r\n\r\n');
  assert.is(headers.text(bytes, MSG_ID), 'a b ');
  assert.ok(headers.has(TTL));
  assert.not.ok(headers.has(ROLLUP));
});

test('an empty value asks for nothing, except where it says that a batch ends', () => {
  const { headers } = scan('NATS/1.0\r\nNats-TTL:\r\nNats-Rollup: \r\nNats-Batch-Commit:\r\n\r\n');
  assert.not.ok(headers.has(TTL));
  assert.not.ok(headers.has(ROLLUP));
  assert.ok(headers.has(BATCH_COMMIT));
  assert.ok(headers.isEmpty(BATCH_COMMIT));
});

test('names are compared letter by letter, and values are not taken for names', () => {
  const { headers } = scan('NATS/1.0\r\nnats-msg-id: a\r\nx: Nats-Rollup: all\r\nNats-Msg-IdX: a\r\n\r\n');
  assert.is(headers.mask, 0);
});

test('a status in the first line is noticed', () => {
  assert.ok(scan('NATS/1.0 503\r\n\r\n').headers.hasStatus);
  assert.not.ok(scan('NATS/1.0\r\n\r\n').headers.hasStatus);
});

test('a header block cut anywhere is read without harm', () => {
  const block = 'NATS/1.0\r\nNats-Expected-Last-Sequence: 12\r\n\r\n';
  for (let length = 0; length <= block.length; length++) {
    const { headers, bytes } = scan(block.slice(0, length));
    if (headers.has(EXPECTED_LAST_SEQUENCE)) {
      assert.ok([-1, 1, 12].includes(headers.number(bytes, EXPECTED_LAST_SEQUENCE)));
    }
  }
});

test('only decimal digits are a number', () => {
  for (const [value, expected] of [
    ['12', 12],
    ['0', 0],
    ['', -1],
    ['x', -1],
    ['1 ', -1],
    ['-1', -1],
    ['9999999999999999', -1],
  ] as const) {
    const { headers, bytes } = scan(`NATS/1.0\r\nNats-Expected-Last-Sequence: ${value}\r\n\r\n`);
    assert.is(headers.number(bytes, EXPECTED_LAST_SEQUENCE), expected, value);
  }
});

const pull = (text: string): [string, PullRequest] => {
  const request = new PullRequest();
  const bytes = Buffer.from(`x${text}`);
  return [parsePullRequest(bytes, 1, bytes.length, request), request];
};

test('a pull request is nothing, a number, or an object', () => {
  const table = [
    ['', {}],
    ['  ', {}],
    ['10', { batch: 10 }],
    [' 7\r\n', { batch: 7 }],
    ['-3', {}],
    ['many', {}],
    ['{}', { isObject: true }],
    ['{"batch":0}', { isObject: true }],
    ['{"batch":5,"expires":5000000000}', { isObject: true, batch: 5, expires: 5e9 }],
    [
      '{"expires":1,"no_wait":true,"max_bytes":7,"idle_heartbeat":9}',
      { isObject: true, expires: 1, noWait: true, maxBytes: 7, heartbeat: 9 },
    ],
    ['{"no_wait":false,"batch":2}', { isObject: true, batch: 2 }],
    ['{ "batch": 5 , "unknown": [1] }', { isObject: true, batch: 5 }],
    [
      '{"group":"a","min_pending":3,"min_ack_pending":4,"id":"x","priority":9}',
      { isObject: true, group: 'a', minPending: 3, minAckPending: 4, id: 'x', priority: 9 },
    ],
    ['{"batch":3,"group":"a"}', { isObject: true, batch: 3, group: 'a' }],
  ] as const;
  for (const [text, expected] of table) {
    const [problem, request] = pull(text);
    assert.is(problem, '', text);
    assert.equal({ ...request }, { ...new PullRequest(), ...expected }, text);
  }
});

test('a pull request that can not be read says why', () => {
  assert.is(pull('{"batch":"x"}')[0], 'json: cannot unmarshal string into Go struct field .batch of type int');
  assert.is(pull('{"batch":')[0], 'unexpected end of JSON input');
  assert.is(pull('{batch}')[0], "invalid character 'b' looking for beginning of object key string");
});

test('a pull request that is read again forgets the one before', () => {
  const request = new PullRequest();
  const first = Buffer.from('{"batch":5,"group":"a","no_wait":true}');
  parsePullRequest(first, 0, first.length, request);
  parsePullRequest(first, 0, 0, request);
  assert.equal({ ...request }, { ...new PullRequest() });
});

test('publishers are told in the bytes of nats-server', () => {
  const head = ackHead('S', '');
  assert.is(printPublishAck(head, { sequence: 5 }), '{"stream":"S","seq":5}');
  assert.is(printPublishAck(head, { sequence: 3, isDuplicate: true }), '{"stream":"S","seq":3,"duplicate": true}');
  assert.is(printPublishAck(ackHead('S', 'D'), { sequence: 5 }), '{"stream":"S","domain":"D","seq":5}');
  assert.is(printPublishAck(head, { sequence: 5, counterValue: '42' }), '{"stream":"S","seq":5,"val":"42"}');
  assert.is(
    printPublishAck(head, { sequence: 9, batch: { id: 'b', count: 3 } }),
    '{"stream":"S","seq":9,"batch":"b","count":3}',
  );
  assert.is(
    printPublishError('S', apiError(10071, { seq: 7 })),
    '{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"S","seq":0}',
  );
  assert.is(printFlowAck(3, 10), '{"type":"ack","seq":3,"msgs":10}');
  assert.is(printFlowGap(4, 7), '{"type":"gap","last_seq":4,"seq":7}');
  assert.is(
    printFlowError(4, apiError(10054)),
    '{"type":"err","seq":4,"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"}}',
  );
});

test('the table of errors is whole, and each error prints as one', () => {
  const numbers = Object.keys(ERROR_TABLE).map(Number);
  assert.is(numbers.length, 226);
  assert.is(Math.min(...numbers), 10002);
  assert.is(Math.max(...numbers), 10227);
  assert.is(printError(apiError(10059)), '{"code":404,"err_code":10059,"description":"stream not found"}');
  assert.is(apiError(10121, { limit: 7 }).description, 'consumer max ack pending exceeds system limit of 7');
  for (const [code, text] of Object.values(ERROR_TABLE)) {
    assert.ok([400, 404, 409, 412, 429, 500, 503].includes(code));
    assert.ok(text.length > 0);
  }
});

test('a status block is a line, perhaps numbers, and nothing else', () => {
  assert.is(
    statusBlock(...REQUEST_TIMEOUT, remainingHeaders(1, 0)).toString(),
    'NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 1\r\nNats-Pending-Bytes: 0\r\n\r\n',
  );
  assert.is(statusBlock(100, 'FlowControl Request').toString(), 'NATS/1.0 100 FlowControl Request\r\n\r\n');
});

test('fields are added behind those that are there, and taken out without touching the others', () => {
  const block = Buffer.from('NATS/1.0\r\nA: 1\r\nNats-Msg-Id: x\r\nB:2\r\n\r\n');
  assert.is(withFields(block, [['C', '3']]).toString(), 'NATS/1.0\r\nA: 1\r\nNats-Msg-Id: x\r\nB:2\r\nC: 3\r\n\r\n');
  assert.is(withFields(Buffer.alloc(0), [['C', '3']]).toString(), 'NATS/1.0\r\nC: 3\r\n\r\n');
  assert.is(withoutFields(block, (name) => name.startsWith('Nats-')).toString(), 'NATS/1.0\r\nA: 1\r\nB:2\r\n\r\n');
  assert.is(withoutFields(block, () => true).length, 0);
  assert.is(fieldOf(block, 'B'), '2');
  assert.is(fieldOf(block, 'C'), null);
});

test.run();
