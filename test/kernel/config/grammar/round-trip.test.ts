/** Random trees, written down in every style the language knows, mean the same. */
import { randomInt } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../../kernel/config/grammar/parse.ts';
import { type PlainValue, plainOf } from '../../../../kernel/config/plain.ts';
import { filesOf, said } from '../config-reading.ts';

const TREES = 400;
const seed = Number(process.env.GNATLET_SEED ?? randomInt(2 ** 31));
let state = seed;

function below(bound: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
}

function pick<T>(choices: readonly T[]): T {
  return choices[below(choices.length)]!;
}

type Tree = { [key: string]: PlainValue };

const TEXTS = [
  '',
  'a',
  'foo.bar.>',
  'a b',
  'tab\there',
  'line\nbreak',
  'quote"s',
  "it's",
  'back\\slash',
  'é日𐍈',
  '<&>',
  '$var',
];
const MORE_TEXTS = [
  '5',
  '5m',
  'true',
  '1.5',
  '127.0.0.1:4222',
  '-1',
  'x#y',
  '// no comment',
  '(',
  '[1]',
  '{',
  '2023-01-01T00:00:00Z',
];
const NUMBERS = [0, 1, -1, 4222, 1024, 1_000_000, 2 ** 40, -(2 ** 52), 9223372036854775807n, 0.5, -2.25, 123456.789];
const KEYS = ['port', 'Host', 'foo.*', 'with space', "it's", 'a=b', 'c:d', 'é', '123', 'include', 'true', '__proto__'];

function randomScalar(): PlainValue {
  return pick<() => PlainValue>([
    () => pick(TEXTS),
    () => pick(MORE_TEXTS),
    () => pick(NUMBERS),
    () => below(2) === 0,
  ])();
}

function randomValue(depth: number): PlainValue {
  const shape = depth === 0 ? 9 : below(10);
  if (shape < 2) return Array.from({ length: below(4) }, () => randomValue(depth - 1));
  return shape < 5 ? randomTree(depth - 1) : randomScalar();
}

function randomTree(depth: number): Tree {
  const entries = Array.from({ length: below(4) }, () => [pick(KEYS), randomValue(depth)] as const);
  return Object.fromEntries(entries);
}

interface Style {
  key(key: string): string;
  text(text: string): string;
  separator(): string;
  terminator(): string;
  between(): string;
  space(): string;
}

const JSON_STYLE: Style = {
  key: doubleQuoted,
  text: doubleQuoted,
  separator: () => ':',
  terminator: () => ',',
  between: () => ',',
  space: () => '',
};

const FREE_STYLE: Style = {
  key: (key) => (/[\s=:'"]|^include$/.test(key) ? quotedKey(key) : pick([key, quotedKey(key)])),
  text: anyText,
  separator: () => pick([': ', ' = ', '=', ':', ' ', '\t', ' : ']),
  terminator: () => pick(['\n', ',', ';', ' ,\n', ' # why\n', ' // why\n', '\r\n']),
  between: () => pick([',', '\n', ' ,\n', ' # why\n', ', # why\n']),
  space: () => pick(['', ' ', '\t']),
};

function doubleQuoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

function quotedKey(key: string): string {
  return key.includes("'") ? `"${key}"` : pick([`'${key}'`, `"${key}"`]);
}

function anyText(text: string): string {
  const forms = [doubleQuoted(text), hexQuoted(text)];
  if (!text.includes("'")) forms.push(`'${text}'`);
  if (/^[a-z][a-z.>]*$/.test(text) && text !== 'true') forms.push(text, text);
  return pick(forms);
}

function hexQuoted(text: string): string {
  const escapes = [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
  return `"${escapes.join('')}"`;
}

function written(value: PlainValue, style: Style): string {
  if (typeof value === 'string') return style.text(value);
  if (Array.isArray(value)) return `[${value.map((item) => `${written(item, style)} ${style.between()}`).join('')}]`;
  if (typeof value === 'object') return `{${style.space()}${entriesOf(value as Tree, style)}}`;
  return String(value);
}

function entriesOf(tree: Tree, style: Style): string {
  return Object.entries(tree)
    .map(([key, value]) => style.key(key) + style.separator() + written(value, style) + style.terminator())
    .join(style.space());
}

function parsed(text: string) {
  const result = parseConfig(text, 't.conf', { readFile: filesOf({}), environment: {} });
  const problems = said(result.problems.filter((problem) => problem.severity === 'error'));
  assert.equal(problems, [], `seed ${seed}: ${text}`);
  return result;
}

test('a tree written in any style is read back as it was, with one digest', () => {
  for (let round = 0; round < TREES; round++) {
    const tree = randomTree(3);
    const texts = [JSON_STYLE, FREE_STYLE, FREE_STYLE].map((style) => entriesOf(tree, style));
    texts.push(`{${texts[0]}}`, `{\n${texts[1]}\n}\n`);
    const results = texts.map(parsed);
    for (const [index, { root }] of results.entries()) {
      assert.equal(plainOf(root), tree, `seed ${seed}, round ${round}: ${texts[index]}`);
    }
    assert.is(new Set(results.map((result) => result.digest)).size, 1, `seed ${seed}, round ${round}`);
  }
});

test('no text whatsoever makes the parser throw or hang', () => {
  const pieces = [
    'a',
    '1',
    '1k',
    '-',
    '.',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '\n',
    '\r\n',
    ' ',
    ',',
    ';',
    '=',
    ':',
    '#',
  ];
  pieces.push('//', '/', '$a', '\\', '\\x4', 'include x', '2020-', '\u2028', 'é', '\0', ')\n', '1.2.', 'true');
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: below(12) }, () => pick(pieces)).join('');
    try {
      parseConfig(text, 't.conf', { readFile: filesOf({ x: 'b: 1' }), environment: { a: text } });
    } catch (error) {
      assert.unreachable(`seed ${seed}, round ${round}: ${JSON.stringify(text)}: ${error}`);
    }
  }
});

test.run();
