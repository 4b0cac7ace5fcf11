import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readHeaderFields } from '../../../plugins/message-trace/header-fields.ts';
import { HeaderScan } from '../../../plugins/message-trace/header-scan.ts';
import { readTraceWish } from '../../../plugins/message-trace/trace-headers.ts';

function fields(...lines: string[]) {
  return readHeaderFields(Buffer.from(`NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1'));
}

test('fields keep the spelling of their names, the order of their values, and lose blanks', () => {
  const read = fields('B: 1', 'a:\t two ', 'B:2', 'Empty:', ': nameless', ' : blank');
  assert.equal(
    [...read],
    [
      ['B', ['1', '2']],
      ['a', ['two']],
      [' ', ['blank']],
    ],
  );
});

test('a line without a colon becomes part of the next name', () => {
  assert.equal([...fields('A: 1', 'no colon', 'B: 2').keys()], ['A', 'no colon\r\nB']);
});

test('a header that was cut off is read up to its last whole line', () => {
  assert.equal([...readHeaderFields(Buffer.from('NATS/1.0\r\nA: 1\r\nB: 2')).keys()], ['A']);
});

test('a status line other than the plain one means no fields', () => {
  assert.is(readHeaderFields(Buffer.from('NATS/1.0 503\r\nA: 1\r\n\r\n')).size, 0);
  assert.is(readHeaderFields(Buffer.from('A: 1\r\n\r\n')).size, 0);
});

test('a destination asks for a trace unless it says that tracing is off', () => {
  assert.is(readTraceWish(fields('Nats-Trace-Dest: t', 'Nats-Trace-Dest: u'))?.destination, 't');
  assert.is(readTraceWish(fields('nats-trace-dest: t')), null);
  assert.is(readTraceWish(fields('Nats-Trace-Dest:  trace disabled ', 'traceparent: a-b-c-01')), null);
});

test('a message is only traced when the header says so in one of three words', () => {
  for (const word of ['1', 'true', 'TRUE', 'on', 'On']) {
    assert.is(readTraceWish(fields('Nats-Trace-Dest: t', `Nats-Trace-Only: ${word}`))?.isOnly, true, word);
  }
  for (const line of ['Nats-Trace-Only: yes', 'Nats-Trace-Only: 11', 'nats-trace-only: 1']) {
    assert.is(readTraceWish(fields('Nats-Trace-Dest: t', line))?.isOnly, false, line);
  }
  assert.is(readTraceWish(fields('traceparent: a-b-c-01', 'Nats-Trace-Only: 1'))?.isOnly, false);
});

test('a foreign trace counts when it has four fields and is sampled', () => {
  for (const value of ['00-aa-bb-01', '---01', 'a-b-c-7f', 'a-b-c-0F', 'a-b-c-03', 'a-b-c-+1']) {
    assert.ok(readTraceWish(fields(`TraceParent: ${value}`)), value);
  }
  for (const value of [
    '00-aa-bb-00',
    'a-b-c-1',
    'a-b-c-zz',
    'a-b-c-d-01',
    'a-b-c-FF',
    'a-b-c-81',
    'a-b-c-0x',
    'a-b-01',
  ]) {
    assert.is(readTraceWish(fields(`traceparent: ${value}`)), null, value);
  }
});

test('the scan finds a word wherever it stands, and nothing else', () => {
  const scan = new HeaderScan({ text: 'Nats-Trace-', ignoresCase: false }, { text: 'traceparent', ignoresCase: true });
  const finds = (text: string): boolean => scan.finds(Buffer.from(`##${text}##`), 2, 2 + text.length);
  for (let before = 0; before < 40; before++) {
    const filler = 'Nats-trace-tracEpare_'.repeat(2).slice(0, before);
    for (const word of ['Nats-Trace-', 'traceparent', 'TraceParent', 'TRACEPARENT']) {
      assert.ok(finds(`${filler}${word}`) && finds(`${filler}${word}xyz`), `${word} after ${before}`);
      assert.not.ok(finds(`${filler}${word.slice(0, -1)}`), `cut ${word} after ${before}`);
    }
    assert.not.ok(finds(`${filler}nats-trace-dest`));
  }
  assert.not.ok(finds(''));
});

test.run();
