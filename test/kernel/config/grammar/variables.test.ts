import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../../kernel/config/grammar/parse.ts';
import { plainOf } from '../../../../kernel/config/plain.ts';
import { filesOf, said } from '../config-reading.ts';

interface World {
  files?: Record<string, string>;
  environment?: Record<string, string>;
  file?: string;
}

function parse(text: string, { files = {}, environment = {}, file = 't.conf' }: World = {}) {
  return parseConfig(text, file, { readFile: filesOf(files), environment });
}

function valueUnder(text: string, key: string, world: World = {}): unknown {
  const { root, problems } = parse(text, world);
  assert.equal(said(problems), [], text);
  return plainOf(root.value.get(key)!.value);
}

function messages(text: string, world: World = {}): string[] {
  return said(parse(text, world).problems);
}

test('a variable is looked for from the innermost map outwards', () => {
  const text = 'a: 1\nx { a: 2, y { b: $a }, z { a: 3, b: $a } }\nb: $a';
  assert.equal(valueUnder(text, 'x'), { a: 2, y: { b: 2 }, z: { a: 3, b: 3 } });
  assert.is(valueUnder(text, 'b'), 1);
});

test('a variable stands in the place of the key that refers to it', () => {
  const { root } = parse('a: {b: 1}\n  c: $a');
  const { line, column } = root.value.get('c')!.value;
  assert.equal([line, column], [2, 3]);
  assert.is(root.value.get('a')!.isReferenced, true);
  assert.is(root.value.get('c')!.isReferenced, false);
});

test('what the file does not define is taken from the environment and read as a value', () => {
  const cases: [string, unknown][] = [
    ['4222', 4222],
    ['1k', 1000],
    ['5m', 5_000_000],
    ['"a b"', 'a b'],
    ['off', false],
    ['[1 ,2 ]', [1, 2]],
    ['{b: 1, a: $b}', { a: 1, b: 1 }],
    ['1\nfoo: 2', 1],
    ['5 # five', 5],
    ['$2a$10$abc', '$2a$10$abc'],
    ['', ''],
  ];
  for (const [text, value] of cases) assert.equal(valueUnder('v: $V', 'v', { environment: { V: text } }), value, text);
});

test('the file comes before the environment', () => {
  assert.is(valueUnder('V: 1\nv: $V', 'v', { environment: { V: '2' } }), 1);
});

test('variables of the environment may refer to each other', () => {
  assert.is(valueUnder('v: $A', 'v', { environment: { A: '$B', B: '77' } }), 77);
});

test('names every object has are no variables', () => {
  assert.match(messages('v: $constructor')[0]!, "variable reference for 'constructor' on line 1 can not be found");
});

test('a variable that can not be found or read is reported as a NATS server reports it', () => {
  const cases: [string, Record<string, string>, string][] = [
    ['v: $V', {}, "variable reference for 'V' on line 1 can not be found"],
    [
      'x: 9\nv: $V',
      { V: '$x' },
      "on line 2 could not be parsed: variable reference for 'x' on line 1 can not be found",
    ],
    ['v: $V', { V: 'a b' }, "could not be parsed: Parse error on line 1: 'Expected a top-level value to end"],
    ['v: $V', { V: '"' }, "variable reference for 'V' on line 1 could not be parsed: config is invalid (:1:4)"],
    [
      '\n\nv: $V',
      { V: '99999999999999999999' },
      "on line 3 could not be parsed: integer '99999999999999999999' is out",
    ],
    ['v: $V', { V: '$pk' }, "could not be parsed: variable reference for 'pk' on line 1 can not be found"],
    [
      'v: $A',
      { A: '$B', B: '$A' },
      "variable reference for 'A' on line 1 could not be parsed: variable reference for 'B' on line 1 could not be parsed: variable reference for 'A' on line 1 could not be parsed: variable reference cycle for 'A'",
    ],
  ];
  for (const [text, environment, part] of cases) {
    const lines = messages(text, { environment });
    assert.is(lines.length, 1, text);
    assert.ok(lines[0]!.includes(part), `${lines[0]} does not hold ${part}`);
  }
});

test('all unknown variables of a file are reported at once', () => {
  assert.is(messages('a: $A\nb: [$B, $C]\nc: 1').length, 3);
});

test('an included file adds its keys where it is included, and later keys win', () => {
  const files = { 'inc.conf': 'a: 1\nb: 2' };
  const { root } = parse('b: 0\ninclude inc.conf\na: 3\nx { INCLUDE "inc.conf"; c: $a }', { files });
  assert.equal(plainOf(root), { b: 2, a: 3, x: { a: 1, b: 2, c: 1 } });
  assert.equal(root.value.get('b')!.file, 'inc.conf');
});

test('an included file sees none of the variables around it', () => {
  const files = { 'inc.conf': 'a: $x' };
  const expected = "error parsing include file 'inc.conf', variable reference for 'x' on line 1 can not be found";
  assert.equal(messages('x: 1\ninclude inc.conf', { files }), [expected]);
});

test('included files are looked for beside the including one, whatever the path looks like', () => {
  const files = { 'etc/sub/a.conf': 'include b.conf', 'etc/sub/b.conf': 'b: 1' };
  const { root, files: read } = parse("include '/sub/a.conf'", { files, file: 'etc/t.conf' });
  assert.equal(plainOf(root), { b: 1 });
  assert.equal(read, ['etc/t.conf', 'etc/sub/a.conf', 'etc/sub/b.conf']);
});

test('what is wrong with an include is said with the path as it was written', () => {
  const files = { 'bad.conf': 'bad {', 'loop.conf': 'include sub/../loop.conf', 'empty.conf': '' };
  const cases: [string, string][] = [
    ['include no.conf', "error parsing include file 'no.conf', open no.conf: no such file or directory"],
    ['include /etc/x', "error parsing include file '/etc/x', open etc/x: no such file or directory"],
    ['include no.conf,', "error parsing include file 'no.conf,', open no.conf,: no such file or directory"],
    [
      'include bad.conf',
      "error parsing include file 'bad.conf', Parse error on line 1: 'Unexpected EOF processing map.'",
    ],
    ['include =', "error parsing include file '=', open =: no such file or directory"],
    ['include 1.conf', "Parse error on line 1: 'Expected include value but found start of a number'"],
    ['include -a', "Parse error on line 1: 'Expected include value but found start of a number'"],
    ['include [a', "Parse error on line 1: 'Expected include value but found start of an array'"],
    ['include {a', "Parse error on line 1: 'Expected include value but found start of a map'"],
    ['include (a', "Parse error on line 1: 'Expected include value but found start of a block'"],
    ['include \\a', "Parse error on line 1: 'Expected include value but found escape sequence'"],
    ['include \na', "Parse error on line 2: 'Expected include value but found new line'"],
    ['include "a', "Parse error on line 1: 'Unexpected EOF in double quoted include'"],
    ["include 'a", "Parse error on line 1: 'Unexpected EOF in quoted include'"],
    ['include', 'config is invalid (t.conf:1:7)'],
    [
      'x [include a]',
      `Parse error on line 1: 'Expected an array value terminator "," or an array terminator "]", but got 'a' instead.'`,
    ],
    ['include empty.conf', 't.conf: config has no values or is empty'],
  ];
  for (const [text, expected] of cases) assert.equal(messages(text, { files }), [expected], text);
});

test('a file that includes itself is reported', () => {
  const files = { 'loop.conf': 'a: 1\ninclude sub/../loop.conf' };
  const expected =
    "error parsing include file 'loop.conf', error parsing include file 'sub/../loop.conf', loop.conf includes itself";
  assert.equal(messages('include loop.conf', { files }), [expected]);
  assert.equal(messages('include t.conf'), ["error parsing include file 't.conf', t.conf includes itself"]);
});

test('include is a key like any other when a separator follows it or quotes surround it', () => {
  assert.equal(plainOf(parse('include: a\n"include" b').root), { include: 'b' });
});

test.run();
