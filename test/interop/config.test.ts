/** The cases about the configuration language, asked of genuine servers. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../kernel/config/grammar/parse.ts';
import type { LoadedConfig } from '../../kernel/config/load.ts';
import { comparable, filesOf, load, said } from '../kernel/config/config-reading.ts';
import { FILE_CASES } from '../kernel/config/grammar/file-cases.ts';
import { VALUE_CASES } from '../kernel/config/grammar/value-cases.ts';
import { OPTION_CASES } from '../kernel/config/option-cases.ts';
import { skip } from '../runner/skip.ts';

const RANDOM_FILES = 300;
const folder = mkdtempSync(join(tmpdir(), 'gnatlet-config-'));
const seed = Number(process.env.GNATLET_SEED ?? randomInt(2 ** 31));

/** Older ones know fewer options, and print no digest. */
const servers = genuinePaths().filter((path) => {
  const version = execFileSync(path, ['-v'], { encoding: 'utf8' });
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > 2 || Number(minor) >= 14) return true;
  skip(`the cases are those of nats-server 2.14 and later, ${path} is ${version.trim()}`);
  return false;
});
if (servers.length === 0) skip('no recent nats-server on PATH, and GNATLET_NATS_SERVER names none');

/** The one on PATH, or those named, separated like a PATH. */
function genuinePaths(): string[] {
  const named = process.env.GNATLET_NATS_SERVER ?? '';
  if (named !== '') return named.split(delimiter);
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .map((path) => join(path, 'nats-server'))
    .filter(existsSync)
    .slice(0, 1);
}

/** What the server says of a file, in the form of the cases. */
function asked(server: string, text: string): string {
  writeFileSync(join(folder, 't.conf'), text);
  const env = { PATH: process.env.PATH };
  const { stderr } = spawnSync(server, ['-t', '-c', 't.conf'], { cwd: folder, env, encoding: 'utf8' });
  const lines = stderr
    .trim()
    .replace(/^nats-server: /, '')
    .split('\n');
  return comparable(lines)
    .replace(/^configuration file t.conf is /, '')
    .trim();
}

for (const server of servers) {
  test(`${server} reads values as the cases say`, () => {
    for (const [text] of VALUE_CASES) {
      const file = `z: ${text}\nresolver {type: mem, z: $z}`;
      const { digest } = parseConfig(file, 't.conf', { readFile: filesOf({}), environment: {} });
      assert.is(asked(server, file), `valid (${digest})`, text);
    }
  });

  test(`${server} says what the cases say`, () => {
    for (const [text, expected] of [...FILE_CASES, ...OPTION_CASES]) {
      assert.is(asked(server, text).replace(/^valid .*/, 'valid'), expected.trim(), text);
    }
  });

  test(`${server} and this broker agree on random files`, () => {
    for (let round = 0; round < RANDOM_FILES; round++) {
      const text = randomFile();
      const loaded = load(text, { env: {} });
      if (isKnownToDiffer(loaded)) continue;
      assert.is(asked(server, text), ourAnswer(loaded), `seed ${seed}, round ${round}: ${JSON.stringify(text)}`);
    }
  });
}

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** We go on after mistakes that end the reading there, and report what is lost in silence there. */
function isKnownToDiffer(loaded: LoadedConfig): boolean {
  const lines = said(loaded.problems);
  if (lines.some((line) => /has no value|size suffix/.test(line))) return true;
  return loaded.problems.some((problem) => problem.standsAlone) && lines.length > 1;
}

function ourAnswer(loaded: LoadedConfig): string {
  const lines = said(loaded.problems);
  return lines.length === 0 ? `valid (${loaded.digest})` : comparable(lines).trim();
}

const PIECES = [
  'port',
  ' ',
  ': ',
  ' = ',
  '{',
  '}',
  '[',
  ']',
  '(\nz\n)\n',
  '\n',
  ',',
  ';',
  '#',
  '//',
  '/',
  '"s"',
  "'t'",
  '1',
  '1k',
];
const MORE = [
  '-3',
  '1.5',
  '2.',
  'true',
  '"',
  "'",
  '$port',
  'é',
  '\r\n',
  '2020-',
  '1.2.3.4:5',
  '30s',
  'x {',
  'y [',
  'z: 1\n',
];
let state = seed;

function randomFile(): string {
  const pieces = [...PIECES, ...MORE];
  return Array.from({ length: 1 + below(10) }, () => pieces[below(pieces.length)]).join('');
}

function below(bound: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
}

test.run();
