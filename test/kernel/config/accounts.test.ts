import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Claim } from '../../../kernel/config/claims.ts';
import { load, said } from './config-reading.ts';

const KEY = 'ADFB2JXYTXOJEL6LNAXDREUGRX35BOLZI3B4PFFAC7IRPR3OA4QNKBN2';

function accountsOf(text: string, claims: Record<string, Claim> = {}) {
  const { options, problems } = load(text, { claims: new Map(Object.entries(claims)) });
  return { accounts: options.accounts, lines: said(problems) };
}

test('accounts given as names have no limits and nothing else', () => {
  const { accounts, lines } = accountsOf('accounts: [A, "$SYS"]');
  assert.equal(lines, []);
  assert.equal(
    accounts.map(({ name, nkey, limits, mappings, trace, blocks }) => [
      name,
      nkey,
      limits,
      mappings,
      trace,
      blocks.size,
    ]),
    ['A', '$SYS'].map((name) => [
      name,
      '',
      { connectionsMax: -1, subscriptionsMax: -1, payloadBytesMax: -1 },
      [],
      null,
      0,
    ]),
  );
});

test('an account has its own part, and keeps what belongs to plugins for them', () => {
  const { accounts, lines } = accountsOf(`accounts {
  A {
    nkey: ${KEY}
    limits { max_conn: 1, max_subscriptions: 2, max_pay: 1k }
    maps { a: b }
    trace_dest { dest: t.here, sampling: "25%" }
    users: [{user: u, password: p}]
    exports: [{stream: x}]
    imports: []
    default_permissions {}
  }
}`);
  assert.equal(lines, []);
  const [account] = accounts;
  assert.equal(account!.place, { file: 't.conf', line: 2, column: 3 });
  assert.is(account!.nkey, KEY);
  assert.equal(account!.limits, { connectionsMax: 1, subscriptionsMax: 2, payloadBytesMax: 1000 });
  assert.equal(account!.mappings, [{ source: 'a', destinations: [{ subject: 'b', weight: 100 }] }]);
  assert.equal(account!.trace, { subject: 't.here', samplingPercent: 25 });
  assert.equal([...account!.blocks.keys()], ['users', 'exports', 'imports', 'default_permissions']);
});

test('keys inside accounts may have owners too, and an absent owner is named', () => {
  const claims = {
    'accounts.*.streams': { owner: 'store', available: true },
    'accounts.*.js': { owner: 'store', available: true, key: 'streams' },
    'accounts.*.users': { owner: 'auth', available: false },
    'accounts.*.limits.max_streams': { owner: 'store', available: true },
    'accounts.*.limits.max_bridges': { owner: 'bridge', available: false },
  };
  const { accounts, lines } = accountsOf(
    'accounts {A {js: {a: 1}, users: [], limits {max_streams: 5, max_bridges: 6, max_stream: 7}, strems: 1}}',
    claims,
  );
  assert.equal(lines, [
    't.conf:1:25: "users" needs the plugin "auth", which is not in this build; take "users" out, or use a build with "auth"',
    't.conf:1:60: "max_bridges" needs the plugin "bridge", which is not in this build; take "max_bridges" out, or use a build with "bridge"',
    't.conf:1:76: Unknown field "max_stream" parsing account limits; did you mean "max_streams"?',
    't.conf:1:92: unknown field "strems"; did you mean "streams"?',
  ]);
  assert.equal([...accounts[0]!.blocks.keys()], ['streams', 'limits.max_streams']);
});

test('a value for accounts that is neither names nor a map is refused', () => {
  assert.equal(accountsOf('accounts: 5').lines, ['t.conf:1:0: expected accounts to be a map or an array, got int64']);
});

test.run();
