import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_CLAIMS } from '../../../kernel/config/claims.ts';
import { type CoreOptions, coreSchema } from '../../../kernel/config/core-options.ts';
import { optionTable } from '../../../kernel/config/option-table.ts';
import { packageRoot } from '../../runner/package-root.ts';
import { comparable, load, said } from './config-reading.ts';
import { OPTION_CASES } from './option-cases.ts';

test('each option is accepted and refused with the messages of a NATS server', () => {
  for (const [text, expected] of OPTION_CASES) {
    const lines = said(load(text).problems);
    assert.is(lines.length === 0 ? 'valid' : comparable(lines), expected, text);
  }
});

/** Every key and alias, a value for it, and what the options hold then. */
const KEYS: readonly (readonly [keys: string, value: string, expected: Partial<CoreOptions>])[] = [
  ['listen', '"h:1"', { host: 'h', port: 1 }],
  ['host net', '"h"', { host: 'h' }],
  ['port', '-1', { port: -1 }],
  ['client_advertise', '"h:1"', { clientAdvertise: 'h:1' }],
  ['server_name', 'n', { serverName: 'n' }],
  ['proxy_protocol', 'true', { speaksProxyProtocol: true }],
  ['debug', 'true', { debug: true }],
  ['trace', 'true', { trace: true, traceVerbose: false }],
  ['trace_verbose', 'true', { trace: true, traceVerbose: true }],
  ['trace_headers', 'true', { trace: true, traceHeaders: true }],
  ['logtime', 'false', { logTime: false }],
  ['logtime_utc', 'true', { logTimeUtc: true }],
  ['logfile log_file', '"f"', { logFile: 'f' }],
  ['logfile_size_limit log_size_limit', '1mb', { logFileBytesMax: 2 ** 20 }],
  ['logfile_max_num log_max_num', '3', { logFilesMax: 3 }],
  ['syslog', 'true', { syslog: true }],
  ['remote_syslog', '"udp://h:1"', { remoteSyslog: 'udp://h:1' }],
  ['pidfile pid_file', '"f"', { pidFile: 'f' }],
  ['ports_file_dir', '"d"', { portsFileDirectory: 'd' }],
  ['prof_port', '1', { profilePort: 1 }],
  ['prof_block_rate', '1', { profileBlockRate: 1 }],
  ['max_control_line', '8kb', { controlLineBytesMax: 8192 }],
  ['max_payload', '2mb', { payloadBytesMax: 2 ** 21 }],
  ['max_pending', '2mb', { pendingBytesMax: 2 ** 21 }],
  ['max_outbound', '2mb', { outboundBytesMax: 2 ** 21 }],
  ['max_connections max_conn', '5', { connectionsMax: 5 }],
  ['max_subscriptions max_subs', '5', { subscriptionsMax: 5 }],
  ['max_sub_tokens max_subscription_tokens', '5', { subscriptionTokensMax: 5 }],
  ['max_traced_msg_len', '5', { tracedMessageBytesMax: 5 }],
  ['max_closed_clients', '5', { closedClientsMax: 5 }],
  ['ping_interval', '"5s"', { pingIntervalMs: 5000 }],
  ['ping_max', '5', { pingsOutMax: 5 }],
  ['write_deadline', '"5s"', { writeDeadlineMs: 5000 }],
  ['write_timeout', 'retry', { writeTimeout: 'retry' }],
  ['lame_duck_duration', '"40s"', { lameDuckDurationMs: 40_000 }],
  ['lame_duck_grace_period', '"5s"', { lameDuckGraceMs: 5000 }],
  ['no_fast_producer_stall', 'true', { stallsFastProducers: false }],
  ['no_header_support', 'true', { supportsHeaders: false }],
  ['disable_sublist_cache no_sublist_cache', 'true', { cachesMatches: false }],
  ['system_account system', 'S', { systemAccount: 'S' }],
  ['no_system_account no_system no_sys_acc', 'true', { hasSystemAccount: false }],
  ['connect_error_reports', '5', { connectErrorReports: 5 }],
  ['reconnect_error_reports', '5', { reconnectErrorReports: 5 }],
  ['server_tags', '[" A ", a, B]', { serverTags: ['a', 'b'] }],
  ['server_metadata', '{A: b}', {}],
  ['feature_flags', '{a: true}', {}],
  ['mappings maps', '{a: b}', { mappings: [{ source: 'a', destinations: [{ subject: 'b', weight: 100 }] }] }],
  ['accounts', '[]', { accounts: [] }],
  ['plugins', 'auto', { plugins: 'auto' }],
];

test('every key and alias of the kernel is recognised, in any case', () => {
  const known = new Set<string>();
  for (const [keys, value, expected] of KEYS) {
    for (const key of keys.split(' ')) {
      known.add(key);
      for (const spelling of [key, key.toUpperCase(), `"${key}"`]) {
        const { options, problems } = load(`${spelling}: ${value}`);
        assert.equal(said(problems), [], key);
        for (const name of Object.keys(expected) as (keyof CoreOptions)[]) {
          assert.equal(options[name], expected[name], `${key}: ${name}`);
        }
      }
    }
  }
  assert.equal([...known].sort(), coreSchema(NO_CLAIMS).keys().sort());
});

test('maps of names keep their keys as they are written', () => {
  const { options } = load('server_metadata {Ab: c, "": d}\nfeature_flags {X_y: true, z: off}');
  assert.equal({ ...options.serverMetadata }, { Ab: 'c', '': 'd' });
  assert.equal({ ...options.featureFlags }, { X_y: true, z: false });
});

test('without any configuration the options are those a NATS server starts with', () => {
  const { options } = load('', { text: 'debug: false' });
  assert.is(options.host, '0.0.0.0');
  assert.is(options.port, 4222);
  assert.is(options.payloadBytesMax, 1_048_576);
  assert.is(options.pendingBytesMax, 67_108_864);
  assert.is(options.controlLineBytesMax, 4096);
  assert.is(options.connectionsMax, 65_536);
  assert.is(options.pingIntervalMs, 120_000);
  assert.is(options.pingsOutMax, 2);
  assert.is(options.writeDeadlineMs, 10_000);
  assert.is(options.lameDuckDurationMs, 120_000);
  assert.is(options.lameDuckGraceMs, 10_000);
  assert.is(options.closedClientsMax, 10_000);
  assert.is(options.systemAccount, '$SYS');
  assert.is(options.outboundBytesMax, 512 * 2 ** 20);
});

test('zero stands for the default where a NATS server takes it so, and is kept where it does not', () => {
  const { options } =
    load(`port: 0, max_payload: 0, max_pending: 0, max_control_line: 0, ping_interval: "0", ping_max: 0
    write_deadline: "0s", lame_duck_grace_period: "0", max_closed_clients: 0, connect_error_reports: 0, host: ""
    max_connections: 0, max_subscriptions: 0, max_traced_msg_len: 0`);
  const defaults = load('debug: no').options;
  assert.equal({ ...options, connectionsMax: 0 }, { ...defaults, connectionsMax: 0 });
  assert.is(options.connectionsMax, 0);
});

test('of trace and the options that set it, the later one counts', () => {
  assert.is(load('trace: true\ntrace_verbose: false').options.trace, false);
  assert.is(load('trace_verbose: false\ntrace: true').options.trace, true);
});

test('plugins are auto, or names and maps', () => {
  assert.is(load('plugins: AUTO').options.plugins, 'auto');
  const { options, problems } = load(
    'plugins: [auth, "@acme/audit", "./x.js", {use: store, with: {a: 1}}, {use: bare}]',
  );
  assert.equal(said(problems), []);
  const requests = options.plugins === 'auto' ? [] : options.plugins;
  assert.equal(
    requests.map(({ use, with: given }) => [use, given?.kind]),
    [
      ['auth', undefined],
      ['@acme/audit', undefined],
      ['./x.js', undefined],
      ['store', 'map'],
      ['bare', undefined],
    ],
  );
  assert.equal([requests[3]!.place.line, requests[3]!.place.column], [1, 42]);
  assert.equal(load('plugins: auth').options.plugins.length, 1);
});

test('a plugin list that can not be meant is explained', () => {
  const cases: [string, string][] = [
    ['plugins: 5', "t.conf:1:0: plugins must be 'auto' or a list of names, got 5"],
    ['plugins: [5 ]', 't.conf:1:10: a plugin is a name or a map with "use" and "with", got 5'],
    ['plugins: [a, a]', 't.conf:1:13: the plugin "a" is listed twice'],
    ['plugins: [{with: {}}]', 't.conf:1:11: a plugin given as a map needs "use" with its name'],
    ['plugins: [{use: a, wiht: {}}]', 't.conf:1:19: unknown field "wiht"; a plugin has only "use" and "with"'],
    ['plugins: [{use: 5}]', 't.conf:1:11: interface conversion: interface {} is int64, not string'],
  ];
  for (const [text, expected] of cases) assert.equal(said(load(text).problems), [expected], text);
});

test('the reference lists every option as the schema has it', () => {
  const readme = singleSpaced(readFileSync(join(packageRoot(), 'kernel', 'config', 'README.md'), 'utf8'));
  for (const line of optionTable(coreSchema(NO_CLAIMS)).split('\n').slice(2)) {
    assert.ok(readme.includes(singleSpaced(line)), `README.md of kernel/config lacks\n${line}`);
  }
});

/** Tables are aligned by the formatter. */
function singleSpaced(text: string): string {
  return text.replace(/ +/g, ' ');
}

test.run();
