import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Claim } from '../../../kernel/config/claims.ts';
import { blocksOf, loadConfig } from '../../../kernel/config/load.ts';
import { plainOf } from '../../../kernel/config/plain.ts';
import { validate } from '../../../kernel/config/validate.ts';
import { filesOf, load, said } from './config-reading.ts';

const claims = new Map<string, Claim>([
  ['bridge', { owner: 'bridge', available: true }],
  ['br', { owner: 'bridge', available: true, key: 'bridge' }],
  ['http', { owner: 'monitor', available: true }],
  ['http_port', { owner: 'monitor', available: true }],
  ['monitor_port', { owner: 'monitor', available: true, key: 'http_port' }],
  ['streams', { owner: 'streams', available: false }],
]);

test('the keys of plugins are handed on by their proper names, the kernel reading none of them', () => {
  const loaded = load('BR {x: 1}\nmonitor_port: 8222\nhttp: "h:1"\ndebug: true', { claims });
  assert.equal(said(loaded.problems), []);
  assert.equal([...loaded.blocks.keys()], ['bridge', 'http_port', 'http']);
  assert.equal(plainOf(blocksOf(loaded, 'monitor')), { http_port: 8222, http: 'h:1' });
  assert.equal(plainOf(blocksOf(loaded, 'nobody')), {});
});

test('a key whose plugin is not in the build says which plugin that is', () => {
  const { problems } = load('streams: on\nstream: on', { claims });
  assert.equal(said(problems), [
    't.conf:1:0: "streams" needs the plugin "streams", which is not in this build; take "streams" out, or use a build with "streams"',
    't.conf:2:1: unknown field "stream"; did you mean "streams"?',
  ]);
});

test('unknown keys are reported with the nearest known one, all of them in the order of the file', () => {
  const { problems } = load('prot: 1\nmax_payloads: 1\nsomething_else: 2\nport: x\nx: 1\nhost: $x', { claims });
  assert.equal(said(problems), [
    't.conf:1:0: unknown field "prot"; did you mean "port"?',
    't.conf:2:1: unknown field "max_payloads"; did you mean "max_payload"?',
    't.conf:3:1: unknown field "something_else"',
    't.conf:4:1: interface conversion: interface {} is string, not int64',
    't.conf:6:1: interface conversion: interface {} is int64, not string',
  ]);
});

test('mistakes in included files carry the path of their file', () => {
  const readFile = filesOf({ 'etc/t.conf': 'prot: 1\ninclude "sub/a.conf"', 'etc/sub/a.conf': 'ab: 1\n  port: x' });
  const { problems, files } = loadConfig({ path: 'etc/t.conf', readFile });
  assert.equal(said(problems), [
    'etc/t.conf:1:0: unknown field "prot"; did you mean "port"?',
    'etc/sub/a.conf:1:0: unknown field "ab"',
    'etc/sub/a.conf:2:3: interface conversion: interface {} is string, not int64',
  ]);
  assert.equal(files, ['etc/t.conf', 'etc/sub/a.conf']);
});

test('a file that is not there is reported as a NATS server does, and the options are the defaults', () => {
  const { problems, options } = loadConfig({ path: 'no.conf', readFile: filesOf({}) });
  assert.equal(said(problems), ['open no.conf: no such file or directory']);
  assert.is(options.port, 4222);
});

test('no file at all is a configuration without problems', () => {
  const { problems, options, files } = loadConfig({});
  assert.equal([said(problems), options.port, files], [[], 4222, []]);
});

test('overrides win over the file, under whatever name it has the option', () => {
  const text = 'net: "a"\nlisten: "b:1"\ntrace: false\nbr {x: 1, y: {z: 1}}\nhttp: 1\nmonitor_port: 2';
  const overrides = {
    host: 'c',
    port: -1,
    trace_verbose: true,
    'bridge.y.z': 2,
    'bridge.w': [1],
    'bridge.gone': null,
    'http_gone.x': null,
    http: null,
    http_port: 3,
    debug: undefined,
  };
  const loaded = load(text, { claims, overrides });
  assert.equal(said(loaded.problems), []);
  const { host, port, trace, traceVerbose } = loaded.options;
  assert.equal([host, port, trace, traceVerbose], ['c', -1, true, true]);
  assert.equal(plainOf(loaded.blocks.get('bridge')!), { x: 1, y: { z: 2 }, w: [1] });
  assert.equal(plainOf(blocksOf(loaded, 'monitor')), { http_port: 3 });
  assert.is(loaded.digest, load(text).digest);
});

test('a wrong override names its key', () => {
  assert.equal(said(load('debug: true', { overrides: { port: 'x', nope: 1 } }).problems), [
    'nope: unknown field "nope"',
    'port: expected a whole number, got a string',
  ]);
});

test('a program gives its options as an object, plugins and accounts included', () => {
  const { options, blocks, problems } = loadConfig({
    claims,
    input: {
      port: -1,
      ping_interval: '5s',
      server_tags: 'x',
      bridge: { x: [1, 'a', true, 0.5, 5n] },
      accounts: { A: { limits: { max_conn: 5 }, users: [{ user: 'u' }] } },
      plugins: ['auth', { use: 'bridge', with: { a: 1 } }],
    },
  });
  assert.equal(said(problems), []);
  assert.equal([options.port, options.pingIntervalMs, options.serverTags], [-1, 5000, ['x']]);
  assert.equal(plainOf(blocks.get('bridge')!), { x: [1, 'a', true, 0.5, 5n] });
  assert.is(options.accounts[0]!.limits.connectionsMax, 5);
  const wrong = loadConfig({ input: { accounts: { A: { limits: { max_conn: 'x' }, nkey: 'y' } }, max_conns: 1 } });
  assert.equal(said(wrong.problems), [
    'max_conns: unknown field "max_conns"; did you mean "max_conn"?',
    'accounts.A.limits.max_conn: expected a whole number, got a string',
    'accounts.A.nkey: Not a valid public nkey for an account: "y"',
  ]);
});

test('what options have to satisfy together is checked in the order of a NATS server', () => {
  const cases: [string, string | null][] = [
    ['debug: true', null],
    [
      'lame_duck_grace_period: "2m"',
      'lame duck grace period (2m0s) should be strictly lower than lame duck duration (2m0s)',
    ],
    [
      'lame_duck_grace_period: "3m"\nmax_payload: 100mb',
      'lame duck grace period (3m0s) should be strictly lower than lame duck duration (2m0s)',
    ],
    ['max_payload: 100mb', 'max_payload (104857600) cannot be higher than max_pending (67108864)'],
    ['max_pending: -1', 'max_payload (1048576) cannot be higher than max_pending (-1)'],
    ['max_payload: -1', null],
    ['max_payload: 64mb', null],
  ];
  for (const [text, expected] of cases) assert.is(validate(load(text).options), expected, text);
  const renamed = { ...load('').options, serverName: 'a b' };
  assert.is(validate(renamed), 'server name cannot contain spaces');
});

test.run();
