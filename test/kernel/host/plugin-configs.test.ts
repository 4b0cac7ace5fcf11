import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NOWHERE, Problems } from '../../../kernel/config/problem.ts';
import { readPluginConfigs, readPluginConfigsInTurns } from '../../../kernel/host/plugin-configs.ts';
import { named } from './host-bench.ts';

const schema = {
  read(node: unknown, problems: Problems) {
    const { size = 1 } = (node ?? {}) as { size?: unknown };
    if (typeof size !== 'number') problems.error(NOWHERE, `size ${size} is not a number`);
    return { size };
  },
};
const a = named('a', { config: { key: 'a', schema } });
const b = named('b', { config: { key: 'b', aliases: ['bee'], schema } });
const plain = named('plain');

function unread(blocks: [string, unknown][], accounts: [string, ReadonlyMap<string, unknown>][] = []) {
  return { blocks: new Map(blocks), accounts: new Map(accounts) };
}

test('each plugin reads its own block, by its key or an alias of it', () => {
  const problems = new Problems();
  const configs = readPluginConfigs(
    [a, b, plain],
    unread([
      ['a', { size: 2 }],
      ['bee', { size: 3 }],
    ]),
    problems,
  );
  assert.equal(
    [...configs],
    [
      ['a', { size: 2 }],
      ['b', { size: 3 }],
    ],
  );
  assert.ok(Object.isFrozen(configs.get('a')));
});

test('blocks can be read a few steps at a time', async () => {
  const inSteps = {
    ...schema,
    *readInSteps(node: unknown, problems: Problems) {
      for (let step = 0; step < 1_000; step++) yield;
      return schema.read(node, problems);
    },
  };
  const long = named('long', { config: { key: 'long', schema: inSteps } });
  let pauses = 0;
  const blocks = unread([
    ['a', { size: 2 }],
    ['long', { size: 3 }],
  ]);
  const configs = await readPluginConfigsInTurns([a, long, plain], blocks, new Problems(), async () => {
    pauses++;
  });
  assert.equal(
    [...configs],
    [
      ['a', { size: 2 }],
      ['long', { size: 3 }],
    ],
  );
  assert.ok(Object.isFrozen(configs.get('long')));
  assert.ok(pauses > 2, `${pauses} pauses`);
});

test('a plugin without a block gets its defaults', () => {
  assert.equal(readPluginConfigs([a], unread([]), new Problems()).get('a'), { size: 1 });
});

test('the problems of all plugins are told at once', () => {
  const problems = new Problems();
  readPluginConfigs(
    [a, b],
    unread([
      ['a', { size: 'x' }],
      ['b', { size: 'y' }],
    ]),
    problems,
  );
  assert.equal(
    problems.list.map((problem) => problem.text),
    ['size x is not a number', 'size y is not a number'],
  );
});

test('a plugin sees its other keys and its part of the accounts, and nothing of anybody else', () => {
  const seen: unknown[] = [];
  const wide = named('wide', {
    config: {
      key: 'wide',
      also: [{ key: 'width', aliases: ['w'] }],
      accountKeys: ['users'],
      schema: {
        read(_node, _problems, sources) {
          seen.push(sources.also('width'), sources.also('a'), sources.accounts.get('A'));
          return {};
        },
      },
    },
  });
  const blocks: [string, unknown][] = [
    ['w', 7],
    ['a', 8],
  ];
  const accounts: [string, ReadonlyMap<string, unknown>][] = [
    [
      'A',
      new Map<string, unknown>([
        ['users', 1],
        ['exports', 2],
      ]),
    ],
  ];
  readPluginConfigs([wide], unread(blocks, accounts), new Problems());
  assert.equal(seen, [7, undefined, new Map([['users', 1]])]);
});

test.run();
