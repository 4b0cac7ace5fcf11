import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonFailure, typeFailure } from '../../../protocols/client/json-failure.ts';

/** Each as a NATS server's log has it. */
const CASES: [text: string, failure: string | null][] = [
  ['', 'unexpected end of JSON input'],
  ['{"a"', 'unexpected end of JSON input'],
  ['{"a":"b', 'unexpected end of JSON input'],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['{a', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":}', "invalid character '}' looking for beginning of value"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['{"a":[1 2]}', "invalid character '2' after array element"],
  ['{"a":1}x', "invalid character 'x' after top-level value"],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a":nul}', "invalid character '}' in literal null (expecting 'l')"],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['{"a":1.}', "invalid character '}' in numeric literal"],
  ['{"a":1e}', "invalid character '}' in numeric literal"],
  ['{"a":"\x01"}', "invalid character '\\x01' in string"],
  ['{"a":"\\q"}', 'invalid escape sequence `\\q` in string'],
  ['\x01', "invalid character '\\x01' looking for beginning of value"],
  ["'", "invalid character '\\'' looking for beginning of value"],
  ['['.repeat(100_000), 'exceeded max depth'],
  [' {"a": [1, -2.5e+3, "x\\u00e9\\n", true, false, null, {}, []]} ', null],
];

for (const [text, failure] of CASES) {
  test(`${text.slice(0, 60)} is ${failure ?? 'sound'}`, () => {
    assert.is(jsonFailure(text), failure);
  });
}

test('whatever is no JSON is found out, and whatever is JSON passes', () => {
  const sound = '{"a":[1,-2.5,"x",true,null],"b":{"c":"d"}}';
  for (let at = 0; at < sound.length; at++) {
    for (const other of ['', '"', '}', ']', ',', 'x', '1', '\\', ' ']) {
      const text = sound.slice(0, at) + other + sound.slice(at + 1);
      assert.is(jsonFailure(text) === null, isJson(text), text);
    }
  }
});

test('of a value of the wrong type a number is told where a number belongs, and nothing else', () => {
  assert.is(typeFailure('secret', 'X of type bool'), 'json: cannot unmarshal string into X of type bool');
  assert.is(typeFailure(1.5, 'X of type int', true), 'json: cannot unmarshal number 1.5 into X of type int');
  assert.is(typeFailure(1.5, 'X of type string'), 'json: cannot unmarshal number into X of type string');
  assert.is(typeFailure(['secret'], 'X of type int', true), 'json: cannot unmarshal array into X of type int');
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.run();
