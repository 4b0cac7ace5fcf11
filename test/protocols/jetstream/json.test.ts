/** Bodies of requests are read as nats-server reads them, with the same words for what is wrong. */
import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DecodeFault, decodeBody, decodeWhole } from '../../../protocols/jetstream/json/codec.ts';
import { always, given, list, optional, struct, textMap } from '../../../protocols/jetstream/json/composites.ts';
import { printString } from '../../../protocols/jetstream/json/print-json.ts';
import { flag, int, int32, text, uint64, word } from '../../../protocols/jetstream/json/scalars.ts';
import { streamConfigRequest } from '../../../protocols/jetstream/stream-config.ts';

/** What a strict server says of the body of a request for a stream. */
const FAULTS: readonly (readonly [body: string, text: string])[] = [
  ['{"name":"B","foo":1}', 'json: unknown field "foo"'],
  ['{"name":"B","foo":1,"max_msgs":"x"}', 'json: unknown field "foo"'],
  [
    '{"max_msgs":"x","foo":1}',
    'json: cannot unmarshal string into Go struct field StreamConfigRequest.max_msgs of type int64',
  ],
  [
    '{"max_msgs":1.5}',
    'json: cannot unmarshal number 1.5 into Go struct field StreamConfigRequest.max_msgs of type int64',
  ],
  [
    '{"max_msgs":1e2}',
    'json: cannot unmarshal number 1e2 into Go struct field StreamConfigRequest.max_msgs of type int64',
  ],
  [
    '{"first_seq":-1}',
    'json: cannot unmarshal number -1 into Go struct field StreamConfigRequest.first_seq of type uint64',
  ],
  [
    '{"max_msg_size":99999999999}',
    'json: cannot unmarshal number 99999999999 into Go struct field StreamConfigRequest.max_msg_size of type int32',
  ],
  ['{"no_ack":1}', 'json: cannot unmarshal number into Go struct field StreamConfigRequest.no_ack of type bool'],
  [
    '{"subjects":"x"}',
    'json: cannot unmarshal string into Go struct field StreamConfigRequest.subjects of type []string',
  ],
  ['{"subjects":[1]}', 'json: cannot unmarshal number into StreamConfigRequest.subjects.0 of type string'],
  [
    '{"sources":{}}',
    'json: cannot unmarshal object into Go struct field StreamConfigRequest.sources of type []*server.StreamSource',
  ],
  ['{"sources":[7]}', 'json: cannot unmarshal number into StreamConfigRequest.sources.0 of type server.StreamSource'],
  [
    '{"metadata":{"a":1}}',
    'json: cannot unmarshal number into Go struct field StreamConfigRequest.metadata.a of type string',
  ],
  ['{"retention":"foo"}', 'can not unmarshal "\\"foo\\""'],
  ['{"retention":null}', 'can not unmarshal "null"'],
  ['{"compression":"foo"}', 'unknown compression algorithm'],
  ['{"compression":7}', 'json: cannot unmarshal number into Go value of type string'],
  [
    '{"sources":[{"opt_start_time":"x"}]}',
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  ],
  ['[1]', 'json: cannot unmarshal array into Go value of type server.StreamConfigRequest'],
  ['{"name":"B",', 'unexpected EOF'],
  ['"x', 'unexpected EOF'],
  ['{"name":"B"} x', "invalid character 'x' looking for beginning of value at offset 14"],
  ['{"name":"B"}{"foo":2}', 'json: unknown field "foo"'],
  ['{name}', "invalid character 'n' looking for beginning of object key string at offset 2"],
  ['{"name":"B\\x"}', 'invalid escape sequence `\\x` in string at offset 12'],
  ['{"name":"B","description":"\\uZZZZ"}', 'invalid escape sequence `\\uZZZZ` in string at offset 33'],
  ['{"name":"B","description":"a\tb"}', "invalid character '\\t' in string at offset 29"],
  ['{"name":"B",}', "invalid character '}' looking for beginning of object key string at offset 13"],
  ['{"name" "B"}', "invalid character '\"' after object key at offset 9"],
  ['{"name":"B" "c":1}', "invalid character '\"' after object key:value pair at offset 13"],
  ['{"subjects":["a" "b"]}', "invalid character '\"' after array element at offset 18"],
  ['{"name":tru}', "invalid character '}' in literal true (expecting 'e') at offset 12"],
  ['{"name":-}', "invalid character '}' in numeric literal at offset 10"],
  ['{"name":01}', "invalid character '1' after object key:value pair at offset 10"],
  ['é', "invalid character 'é' looking for beginning of value at offset 2"],
  ['['.repeat(2000), 'exceeded max depth at offset 502'],
];

test('what is wrong with a body is said in the words of nats-server', () => {
  for (const [body, expected] of FAULTS) {
    const read = decodeBody(Buffer.from(body), streamConfigRequest, true);
    assert.instance(read, DecodeFault, body);
    assert.is((read as DecodeFault).text, expected, body);
  }
});

test('a body that is cut anywhere is never taken for a whole one', () => {
  const body = Buffer.from('{"name":"B","subjects":["a","\\u00e9"],"max_msgs":-12,"sealed":true,"mirror":null}');
  for (let length = 1; length < body.length; length++) {
    assert.instance(decodeBody(body.subarray(0, length), streamConfigRequest, true), DecodeFault, String(length));
  }
});

test('unknown fields are passed over where that is allowed', () => {
  const read = decodeBody(Buffer.from('{"name":"B","foo":{"x":[1]}}'), streamConfigRequest, false);
  assert.is((read as { name: string }).name, 'B');
});

test('keys are found whatever their case, the last of two counts, and null leaves the default', () => {
  const read = decodeBody(Buffer.from('{"NAME":"A","name":"B","max_msgs":null}'), streamConfigRequest, true);
  assert.not.instance(read, DecodeFault);
  if (read instanceof DecodeFault) return;
  assert.is(read.name, 'B');
  assert.is(read.maxMsgs, 0n);
});

test('numbers of 64 bits keep all their digits', () => {
  const read = decodeBody(
    Buffer.from('{"first_seq":18446744073709551615,"max_age":9223372036854775807}'),
    streamConfigRequest,
    true,
  );
  if (read instanceof DecodeFault) return assert.unreachable(read.text);
  assert.is(read.firstSeq, 18446744073709551615n);
  assert.is(read.maxAge, 9223372036854775807n);
  assert.match(streamConfigRequest.print(read), '"max_age":9223372036854775807');
  assert.match(streamConfigRequest.print(read), '"first_seq":18446744073709551615');
});

test('a request that is never strict is told what is wrong without the place', () => {
  const point = struct('server.Point', { x: always('x', int) });
  const textOf = (body: string): string => (decodeWhole(Buffer.from(body), point) as DecodeFault).text;
  assert.is(textOf(''), 'unexpected end of JSON input');
  assert.is(textOf('{"x":'), 'unexpected end of JSON input');
  assert.is(textOf('{"x":1} y'), "invalid character 'y' after top-level value");
  assert.is(textOf('{x'), "invalid character 'x' looking for beginning of object key string");
  assert.equal(decodeWhole(Buffer.from('{"x":1,"y":2}'), point), { x: 1 });
});

test('what is printed is read back the same', () => {
  const all = struct('server.All', {
    text: always('text', text),
    flag: given('flag', flag),
    small: given('small', int32),
    large: given('large', uint64),
    words: always('words', word(['one', 'two'])),
    texts: given('texts', list(text)),
    inner: given('inner', optional(struct('server.Inner', { a: always('a', int) }))),
    map: given('map', textMap),
  });
  const value = {
    ...all.zero(),
    text: '<a&b>\u2028"\\\n\u0001é😀',
    flag: true,
    large: 2n ** 64n - 1n,
    words: 'two' as const,
    texts: ['x', ''],
    inner: { a: -7 },
    map: new Map([
      ['z', '1'],
      ['a', '2'],
    ]),
  };
  const printed = all.print(value);
  assert.is(
    printed,
    '{"text":"\\u003ca\\u0026b\\u003e\\u2028\\"\\\\\\n\\u0001é😀","flag":true,"large":18446744073709551615,"words":"two","texts":["x",""],"inner":{"a":-7},"map":{"a":"2","z":"1"}}',
  );
  const read = decodeBody(Buffer.from(printed), all, true);
  assert.is(all.print(read as typeof value), printed);
});

test('half of a pair of surrogates is printed as the character for what is unknown', () => {
  assert.is(printString('a\ud800b'), '"a\ufffdb"');
});

test.run();
