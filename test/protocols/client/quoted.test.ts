import { Buffer } from 'node:buffer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quoted, quotedText } from '../../../protocols/client/quoted.ts';

/** What people write, and what they are shown. */
const TABLE: readonly (readonly [text: string, shown: string])[] = [
  ['', '""'],
  ['orders.*.>', '"orders.*.>"'],
  ['a "b" \\ é 日 𐍈', '"a \\"b\\" \\\\ é 日 𐍈"'],
  ['\0\x07\b\t\n\v\f\r\x1f\x7f', '"\\x00\\a\\b\\t\\n\\v\\f\\r\\x1f\\x7f"'],
  ['\ufeff\u00a0\u2028\u{e0001}', '"\\ufeff\\u00a0\\u2028\\U000e0001"'],
  ['\ufffd', '"\ufffd"'],
];

for (const [text, shown] of TABLE) {
  test(`${shown} is shown for a text and for its bytes alike`, () => {
    assert.is(quotedText(text), shown);
    assert.is(quoted(Buffer.from(text, 'utf8').toString('latin1')), shown);
  });
}

test('bytes that are no characters are shown one by one', () => {
  assert.is(quoted('\xff'), '"\\xff"');
  assert.is(quoted('a\xc3'), '"a\\xc3"');
  assert.is(quoted('\xc3(\xc3\xa9'), '"\\xc3(é"');
  assert.is(quoted('\xef\xbf'), '"\\xef\\xbf"', 'a character cut short');
  assert.is(quoted('\xed\xa0\x80'), '"\\xed\\xa0\\x80"', 'half of a pair');
  assert.is(quoted('\xc0\x80\x80'), '"\\xc0\\x80\\x80"', 'written with more bytes than it needs');
});

test.run();
