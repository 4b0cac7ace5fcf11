/** Every option of the kernel, changed while the broker runs: taken on, or refused in the words of a NATS server. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_CLAIMS } from '../../kernel/config/claims.ts';
import { coreSchema } from '../../kernel/config/core-options.ts';
import { TLS_FIXTURES } from '../fixtures/tls/certificates.ts';
import { BrokerProcess, Folder, RawClient } from './broker-process.ts';

const DONE = 'Reloaded server configuration (sha256:';
const FAILED = 'Failed to reload server configuration: ';
const HELLO = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n';
const BASE = 'ping_max: 3\n';
const CERTIFICATE = `cert_file: "${TLS_FIXTURES}/server.pem", key_file: "${TLS_FIXTURES}/server-key.pem"`;

/** What the log has to say, besides what it always says. Null: it has no line for this one. */
const LIVE: [key: string, text: string, line: string | null][] = [
  ['client_advertise', 'client_advertise: "h:1"', 'Reload: client_advertise = h:1'],
  ['debug', 'debug: true', 'Reloaded: debug = true'],
  ['trace', 'trace: true', 'Reloaded: trace = true'],
  ['trace_verbose', 'trace_verbose: true', 'Reloaded: trace_verbose = true'],
  ['trace_headers', 'trace_headers: true', 'Reloaded: trace_headers = true'],
  ['logtime', 'logtime: false', 'Reloaded: logtime = false'],
  ['logtime_utc', 'logtime_utc: true', 'Reloaded: logtime_utc = true'],
  ['remote_syslog', 'remote_syslog: "udp://127.0.0.1:9"', null],
  ['pid_file', 'pid_file: pid', 'Reloaded: pid_file = pid'],
  ['ports_file_dir', 'ports_file_dir: "."', 'Reloaded: ports_file_dir = .'],
  ['prof_block_rate', 'prof_block_rate: 5', 'Reloaded: prof_block_rate = 5'],
  ['max_control_line', 'max_control_line: 100', 'Reloaded: max_control_line = 100'],
  ['max_payload', 'max_payload: 100', 'Reloaded: max_payload = 100'],
  ['max_outbound', 'max_outbound: 10000000', 'Reloaded: max_outbound = 10000000'],
  ['max_connections', 'max_connections: 5', 'Reloaded: max_connections = 5'],
  ['max_traced_msg_len', 'max_traced_msg_len: 5', 'Reloaded: max_traced_msg_len = 5'],
  ['ping_interval', 'ping_interval: 5', 'Reloaded: ping_interval = 5s'],
  ['ping_max', 'ping_max: 5', 'Reloaded: ping_max = 5'],
  ['write_deadline', 'write_deadline: "5s"', 'Reloaded: write_deadline = 5s'],
  ['no_fast_producer_stall', 'no_fast_producer_stall: true', 'Reloaded: fast producers will not be stalled'],
  ['connect_error_reports', 'connect_error_reports: 5', 'Reloaded: connect_error_reports = 5'],
  ['reconnect_error_reports', 'reconnect_error_reports: 5', 'Reloaded: reconnect_error_reports = 5'],
  ['server_tags', 'server_tags: [A, b]', 'Reloaded: tags'],
  ['server_metadata', 'server_metadata { a: b }', 'Reloaded: metadata'],
  ['mappings', 'mappings { a: b }', 'Reloaded: accounts'],
  ['accounts', 'accounts { A {} }', 'Reloaded: accounts'],
  ['tls', `tls { ${CERTIFICATE} }`, 'Reloaded: tls = enabled'],
  ['ocsp', 'ocsp: false', 'Reloaded: OCSP'],
  ['proxies', 'proxies { trusted: [] }', 'Reloaded: accounts'],
  ['metrics', 'metrics { port: -1 }', null],
];

const REFUSED: [key: string, text: string, error: string][] = [
  ['server_name', 'server_name: other', 'ServerName: old=, new=other'],
  ['proxy_protocol', 'proxy_protocol: true', 'ProxyProtocol: old=false, new=true'],
  ['log_size_limit', 'log_size_limit: 100000', 'LogSizeLimit: old=0, new=100000'],
  ['log_max_num', 'log_max_num: 4', 'LogMaxFiles: old=0, new=4'],
  ['prof_port', 'prof_port: 4567', 'ProfPort: old=0, new=4567'],
  ['max_pending', 'max_pending: 9000000', 'MaxPending: old=67108864, new=9000000'],
  ['max_subscriptions', 'max_subscriptions: 5', 'MaxSubs: old=0, new=5'],
  ['max_sub_tokens', 'max_sub_tokens: 5', 'MaxSubTokens: old=0, new=5'],
  ['max_closed_clients', 'max_closed_clients: 5', 'MaxClosedClients: old=10000, new=5'],
  ['write_timeout', 'write_timeout: retry', 'WriteTimeout: old=default, new=retry'],
  ['lame_duck_duration', 'lame_duck_duration: "40s"', 'LameDuckDuration: old=2m0s, new=40s'],
  ['lame_duck_grace_period', 'lame_duck_grace_period: "5s"', 'LameDuckGracePeriod: old=10s, new=5s'],
  ['no_header_support', 'no_header_support: true', 'NoHeaderSupport: old=false, new=true'],
  ['disable_sublist_cache', 'disable_sublist_cache: true', 'NoSublistCache: old=false, new=true'],
  ['system_account', 'system_account: A\naccounts { A {} }', 'SystemAccount: old=$SYS, new=A'],
  ['no_system_account', 'no_system_account: true', 'NoSystemAccount: old=false, new=true'],
  ['feature_flags', 'feature_flags { a: true }', 'FeatureFlags: old=map[], new=map[a:true]'],
  ['http', 'http: "127.0.0.1:4567"', 'HTTPPort: old=0, new=4567'],
  ['http_port', 'http_port: 4567', 'HTTPPort: old=0, new=4567'],
  ['http_base_path', 'http_base_path: "/x"', 'HTTPBasePath: old=, new=/x'],
  ['https_port', 'https_port: 4567', 'HTTPSPort: old=0, new=4567'],
  ['websocket', 'websocket { port: -1, no_tls: true }', 'Websocket: port, no_tls changed'],
  ['plugins', 'plugins: [auth]', 'Plugins: "'],
];

/** Each with a test elsewhere: those that flags win over here, and where the log goes. */
const ELSEWHERE = ['listen', 'host', 'port', 'log_file', 'syslog'];

test('every option is in this table', () => {
  const listed = new Set([...LIVE, ...REFUSED].map(([key]) => key).concat(ELSEWHERE));
  const keys = Object.values(coreSchema(NO_CLAIMS).fields).map(({ key }) => key);
  assert.equal(
    keys.filter((key) => !listed.has(key)),
    [],
  );
});

/** A broker with one client, who stays throughout, and a way to have it read another configuration. */
async function withClient(
  body: (client: RawClient, reload: (text: string, waitsFor: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  using folder = new Folder();
  folder.write('a.conf', BASE);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  using client = await RawClient.connect(broker.port);
  await client.ask(`${HELLO}SUB a 1\r\nSUB b 2\r\n`, 'PONG\r\n');
  await body(client, (text, waitsFor) => {
    folder.write('a.conf', text);
    return broker.signal('SIGHUP', waitsFor);
  });
}

test('what can change while the broker runs changes, there and back, and who is connected stays', () =>
  withClient(async (client, reload) => {
    for (const [key, text, line] of LIVE) {
      if (key === 'remote_syslog') continue;
      const said = await reload(key === 'ping_max' ? text : BASE + text, DONE);
      if (line !== null) assert.ok(said.includes(`[INF] ${line}\n`), `${key}: ${said}`);
      // A plugin that joins starts by the old file, and may have something to say to that.
      assert.not.ok((key === 'metrics' ? /\[ERR\]/ : /\[(ERR|WRN)\]/).test(said), `${key}: ${said}`);
      await client.ask('PUB a 1\r\nx\r\nPING\r\n', 'PONG\r\n');
      const back = await reload(BASE, DONE);
      assert.not.ok(/\[(ERR|WRN)\]/.test(back), `${key}: ${back}`);
    }
    const delivered = client.received.text.match(/MSG [ab] [12] 1\r\nx/g) ?? [];
    assert.is(delivered.length, LIVE.length - 1);
    await client.ask('PING\r\n', 'PONG\r\n');
  }));

test('what cannot change is refused by its name, and nothing else of the file is taken on', () =>
  withClient(async (client, reload) => {
    for (const [key, text, error] of REFUSED) {
      const said = await reload(`ping_max: 9\nserver_tags: [never]\n${text}\n`, FAILED);
      const failures = said.split('\n').filter((one) => one.includes(FAILED));
      assert.is(failures.length, 1);
      assert.ok(failures[0]!.includes(`${FAILED}config reload not supported for ${error}`), `${key}: ${said}`);
      assert.not.match(said, /Reloaded/);
      await client.ask('PING\r\n', 'PONG\r\n');
    }
    assert.match(await reload('ping_max: 9\n', DONE), /Reloaded: ping_max = 9\n/);
  }));

test.run();
