/** What a log with trace says of input that cannot be read: line for line what a NATS server says. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ProtocolTracer } from '../../../kernel/log/protocol-tracer.ts';
import { BrokerBench } from '../../kits/broker-bench.ts';
import { spoken } from '../../kits/spoken-log.ts';

const CONNECT = 'CONNECT {"verbose":false,"headers":true}\r\n';
const VIOLATION = 'debug Client connection closed: Protocol Violation';
const UNKNOWN = 'trace ->> [-ERR Unknown Protocol Operation]';

const CASES: [input: string, lines: string[]][] = [
  ['PUB a b c d\r\n', ['trace <<- [PUB a b c d]', 'error processPub Parse Error: "a b c d"', VIOLATION]],
  ['PUB a x\r\n', ['trace <<- [PUB a x]', 'error processPub Bad or Missing Size: "a x"', VIOLATION]],
  ['PUB a -1\r\n', ['trace <<- [PUB a -1]', 'error processPub Bad or Missing Size: "a -1"', VIOLATION]],
  ['SUB a\r\n', ['trace <<- [SUB a]', 'error processSub Parse Error: "a"', VIOLATION]],
  ['SUB  a \t b c d\r\n', ['trace <<- [SUB a \t b c d]', 'error processSub Parse Error: "a \\t b c d"', VIOLATION]],
  ['UNSUB a b c\r\n', ['trace <<- [UNSUB a b c]', 'error processUnsub Parse Error: "a b c"', VIOLATION]],
  ['HPUB a 12\r\n', ['trace <<- [HPUB a 12]', 'error processHeaderPub Parse Error: "a 12"', VIOLATION]],
  [
    'HPUB a x 13\r\n',
    ['trace <<- [HPUB a x 13]', 'error processHeaderPub Bad or Missing Header Size: "a x 13"', VIOLATION],
  ],
  [
    'HPUB a 12 x\r\n',
    ['trace <<- [HPUB a 12 x]', 'error processHeaderPub Bad or Missing Total Size: "a 12 x"', VIOLATION],
  ],
  [
    'HPUB a 12 3\r\n',
    ['trace <<- [HPUB a 12 3]', 'error processHeaderPub Header Size larger then TotalSize: "a 12 3"', VIOLATION],
  ],
  ['FOO bar\r\n', [UNKNOWN, `error Client parser ERROR, state=0, i=0: proto='"FOO"...'`, VIOLATION]],
  ['RS+ a\r\n', [UNKNOWN, `error Client parser ERROR, state=0, i=0: proto='"RS+"...'`, VIOLATION]],
  [
    'PING\r\nPUBX\r\n',
    [
      'trace <<- [PING]',
      'trace ->> [PONG]',
      UNKNOWN,
      `error Client parser ERROR, state=31, i=9: proto='"X"...'`,
      VIOLATION,
    ],
  ],
  ['CONNEC {"pass":"s3cret"}\r\n', [UNKNOWN, `error Client parser ERROR, state=15, i=6: proto='""...'`, VIOLATION]],
  ['PO\x01\r\n', [UNKNOWN, `error Client parser ERROR, state=37, i=2: proto='"\\x01"...'`, VIOLATION]],
  ['UNSUX\r\n', [UNKNOWN, `error Client parser ERROR, state=62, i=4: proto='"X"...'`, VIOLATION]],
  ['\x16\x03\x01\r\n', [UNKNOWN, `error Client parser ERROR, state=0, i=0: proto='"\\x16\\x03\\x01"...'`, VIOLATION]],
  [
    'PUB a 1\r\nxyz\r\n',
    ['trace <<- [PUB a 1]', UNKNOWN, `error Client parser ERROR, state=41, i=10: proto='"yz"...'`, VIOLATION],
  ],
  [
    'pub  a 1\r\nx\rz\r\n',
    ['trace <<- [PUB a 1]', UNKNOWN, `error Client parser ERROR, state=42, i=12: proto='"z"...'`, VIOLATION],
  ],
  [
    'PUB a 99999999\r\n',
    [
      'trace <<- [PUB a 99999999]',
      'error maximum payload exceeded: 99999999 vs 1048576',
      'trace ->> [-ERR Maximum Payload Violation]',
      'debug Client connection closed: Maximum Message Payload Exceeded',
    ],
  ],
  [
    `SUB ${'a'.repeat(5000)} 1\r\n`,
    [
      'trace ->> [-ERR maximum control line exceeded]',
      'debug Client connection closed: Maximum Control Line Exceeded',
      'error maximum control line exceeded',
    ],
  ],
  ['CONNECT {"pass":\r\n', ['trace <<- [CONNECT {"pass":]', 'error unexpected end of JSON input', VIOLATION]],
  [
    'CONNECT {"verbose":7}\r\n',
    [
      'trace <<- [CONNECT {"verbose":7}]',
      'error json: cannot unmarshal number into Go struct field ClientOpts.verbose of type bool',
      VIOLATION,
    ],
  ],
  ['INFO {x\r\n', ["error invalid character 'x' looking for beginning of object key string", VIOLATION]],
  [
    'INFO {"port":"x"}\r\n',
    ['error json: cannot unmarshal string into Go struct field Info.port of type int', VIOLATION],
  ],
  [
    'SUB a 1\r\n-ERR foo\r\n',
    [
      'trace <<- [SUB a 1]',
      'error Client Error foo',
      'debug Client connection closed: Parse Error',
      'trace <-> [DELSUB 1]',
    ],
  ],
];

for (const [input, lines] of CASES) {
  test(`${JSON.stringify(input.slice(0, 40))} leaves in the log what it leaves in that of a NATS server`, async () => {
    const { log, said } = spoken();
    const bench = new BrokerBench({}, undefined, log);
    bench.broker.tracer = new ProtocolTracer(log, { payloadBytesMax: 0, showsHeadersOnly: false });
    const client = await bench.client('');
    client.input(CONNECT);
    said.length = 0;
    client.input(input);
    assert.equal(
      said.map((line) => line.replace(/^(\w+) \S+ - cid:\d+ - /, '$1 ')),
      lines,
    );
  });
}

test('what a client calls itself cannot begin a line of its own in the log', async () => {
  const { log, said } = spoken();
  const bench = new BrokerBench({}, undefined, log);
  const client = await bench.client('');
  const name = 'app"\n[1] [INF] forged \u001b[2J';
  client.input(`CONNECT ${JSON.stringify({ verbose: false, name, lang: 'ja\r\nva', version: '1\n' })}\r\nFOO\r\n`);
  const introduced = said.filter((line) => line.includes('forged'));
  assert.ok(introduced.length > 0);
  for (const line of introduced) {
    assert.ok(line.includes(' - "v1\\n:ja\\r\\nva:app\\"\\n[1] [INF] forged \\x1b[2J" - '), line);
  }
  assert.ok(said.every((line) => !/\p{Cc}/u.test(line)));
});

test('headers from a client that did not announce them are refused by name', async () => {
  const { log, said } = spoken();
  const bench = new BrokerBench({}, undefined, log);
  const client = await bench.client('');
  client.input('CONNECT {"verbose":false}\r\n');
  client.input('HPUB a 12 13\r\n');
  assert.ok(said.some((line) => line.endsWith(' - message headers not supported')));
});

test.run();
