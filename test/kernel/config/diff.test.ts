import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Claim } from '../../../kernel/config/claims.ts';
import { diffConfigs } from '../../../kernel/config/diff.ts';
import { load } from './config-reading.ts';

const claims = new Map<string, Claim>([
  ['bridge', { owner: 'bridge', available: true }],
  ['br', { owner: 'bridge', available: true, key: 'bridge' }],
  ['http', { owner: 'monitor', available: true }],
]);

function diff(before: string, after: string) {
  return diffConfigs(load(before, { claims }), load(after, { claims }));
}

test('what is written differently but means the same is no change', () => {
  const before =
    'port: 4222\nserver_tags: [a, b]\nbridge {x: 1, y: [1 ]}\naccounts {A {users: [a], maps {a: b}}}\nmaps {x: y}';
  const after =
    'accounts {A {mappings {a: b}, users: ["a"]}}\n\n"br" = {y: [1,],\n x: 1}\nserver_tags: [A, b]\nmappings {x: "y"}\nmax_payload: 1mb';
  const { fields, blocks, accounts, refusals } = diff(before, after);
  assert.equal([fields, blocks, accounts, refusals], [[], [], [], []]);
});

test('each changed option says what its change means for a running broker', () => {
  const { fields, refusals } = diff(
    'debug: false',
    'debug: true\nwrite_deadline: "5s"\nplugins: [a]\nping_interval: "1m"',
  );
  assert.equal(
    fields.map(({ key, name, live, printedBefore, printedAfter }) => [key, name, live, printedBefore, printedAfter]),
    [
      ['debug', 'debug', 'yes', 'false', 'true'],
      ['ping_interval', 'pingIntervalMs', 'yes', '2m0s', '1m0s'],
      ['write_deadline', 'writeDeadlineMs', 'new', '10s', '5s'],
      ['plugins', 'plugins', 'part', 'auto', '[a]'],
    ],
  );
  assert.equal(refusals, []);
});

test('a change that can not be made while running is refused by the name a NATS server gives it', () => {
  const cases: [string, string, string][] = [
    ['host: "a"', 'Host', 'old=0.0.0.0, new=a'],
    ['port: 5', 'Port', 'old=4222, new=5'],
    ['server_name: x', 'ServerName', 'old=, new=x'],
    ['max_pending: 2mb', 'MaxPending', 'old=67108864, new=2097152'],
    ['max_subscriptions: 5', 'MaxSubs', 'old=0, new=5'],
    ['max_sub_tokens: 5', 'MaxSubTokens', 'old=0, new=5'],
    ['max_closed_clients: 5', 'MaxClosedClients', 'old=10000, new=5'],
    ['write_timeout: retry', 'WriteTimeout', 'old=default, new=retry'],
    ['lame_duck_duration: "1m"', 'LameDuckDuration', 'old=2m0s, new=1m0s'],
    ['lame_duck_grace_period: "1s"', 'LameDuckGracePeriod', 'old=10s, new=1s'],
    ['log_size_limit: 5', 'LogSizeLimit', 'old=0, new=5'],
    ['log_max_num: 5', 'LogMaxFiles', 'old=0, new=5'],
    ['prof_port: 5', 'ProfPort', 'old=0, new=5'],
    ['proxy_protocol: true', 'ProxyProtocol', 'old=false, new=true'],
    ['no_header_support: true', 'NoHeaderSupport', 'old=false, new=true'],
    ['no_sublist_cache: true', 'NoSublistCache', 'old=false, new=true'],
    ['no_system_account: true', 'NoSystemAccount', 'old=false, new=true'],
    ['system_account: X', 'SystemAccount', 'old=$SYS, new=X'],
    ['feature_flags: {a: true}', 'FeatureFlags', 'old=map[], new=map[a:true]'],
  ];
  for (const [text, name, values] of cases) {
    assert.equal(diff('debug: no', text).refusals, [`config reload not supported for ${name}: ${values}`]);
  }
});

test('one address change refuses host and port each for itself', () => {
  assert.is(diff('listen: "a:1"', 'listen: "b:2"').refusals.length, 2);
});

test('changed, new and vanished blocks of plugins are listed with their owners', () => {
  const { blocks } = diff('bridge {x: 1}\nhttp: 1', 'bridge {x: 2}');
  assert.equal(
    blocks.map(({ key, owner, before, after }) => [key, owner, before?.kind, after?.kind]),
    [
      ['bridge', 'bridge', 'map', 'map'],
      ['http', 'monitor', 'integer', undefined],
    ],
  );
});

test('accounts are compared one by one, the plugins their part apart', () => {
  const before = 'accounts {A {users: [a]}, B {limits {max_conn: 1}}, C {}, D {msg_trace: t}}';
  const after = 'accounts {D {msg_trace: {dest: t, sampling: 5}}, A {users: [b]}, B {limits {max_conn: 2}}, E {}}';
  const { fields, accounts } = diff(before, after);
  assert.equal(
    fields.map((change) => change.key),
    ['accounts'],
  );
  assert.equal(
    accounts.map(({ name, before: old, after: now, isOwnPartChanged, blocks }) => [
      name,
      old !== null,
      now !== null,
      isOwnPartChanged,
      blocks,
    ]),
    [
      ['A', true, true, false, ['users']],
      ['B', true, true, true, []],
      ['C', true, false, true, []],
      ['D', true, true, true, []],
      ['E', false, true, true, []],
    ],
  );
});

test.run();
