import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ProtocolTracer, type TraceOptions, withoutSecrets } from '../../../kernel/log/protocol-tracer.ts';
import { BrokerBench } from '../../kits/broker-bench.ts';

const ALL: TraceOptions = { payloadBytesMax: 0, showsHeadersOnly: false };

/** What a client's input leaves in the log, without who it was. */
async function traced(input: string, options: Partial<TraceOptions> = {}): Promise<string[]> {
  const bench = new BrokerBench();
  const lines: string[] = [];
  bench.broker.tracer = new ProtocolTracer({ trace: (text) => lines.push(text) }, { ...ALL, ...options });
  const client = await bench.client();
  lines.length = 0;
  client.input(input);
  return lines.map((line) => line.replace(/^\S+ - cid:\d+ - /, ''));
}

const CASES: [name: string, input: string, lines: string[], options?: Partial<TraceOptions>][] = [
  ['a ping', 'PING\r\n', ['<<- [PING]', '->> [PONG]']],
  ['a pong', 'PONG\r\n', ['<<- [PONG]']],
  ['a queue subscription', 'SUB a q 1\r\n', ['<<- [SUB a q 1]']],
  ['an end of a subscription', 'SUB a 1\r\nUNSUB 1\r\n', ['<<- [SUB a 1]', '<<- [UNSUB 1]', '<-> [DELSUB 1]']],
  ['a limit of a subscription', 'SUB a 1\r\nUNSUB 1 5\r\n', ['<<- [SUB a 1]', '<<- [UNSUB 1 5]']],
  ['an empty message', 'PUB a 0\r\n\r\n', ['<<- [PUB a 0]']],
  ['a message with a reply', 'PUB a b 1\r\nx\r\n', ['<<- [PUB a b 1]', '<<- MSG_PAYLOAD: ["x"]']],
  ['odd bytes', 'PUB a 5\r\n"\\\n\x01\xff\r\n', ['<<- [PUB a 5]', '<<- MSG_PAYLOAD: ["\\"\\\\\\n\\x01\\xff"]']],
  [
    'a message with headers, both ways',
    'SUB a 1\r\nHPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n',
    [
      '<<- [SUB a 1]',
      '<<- [HPUB a 12 13]',
      '<<- MSG_PAYLOAD: ["NATS/1.0\\r\\n\\r\\nx"]',
      '->> [HMSG a 1 12 13]',
      '->> MSG_PAYLOAD: ["NATS/1.0\\r\\n\\r\\nx"]',
    ],
  ],
  [
    'a payload cut at its limit',
    'PUB a 5\r\nhello\r\n',
    ['<<- [PUB a 5]', '<<- MSG_PAYLOAD: ["hel..."]'],
    { payloadBytesMax: 3 },
  ],
  [
    'a payload at its limit',
    'PUB a 3\r\nhel\r\n',
    ['<<- [PUB a 3]', '<<- MSG_PAYLOAD: ["hel"]'],
    { payloadBytesMax: 3 },
  ],
  [
    'headers only',
    'PUB a 1\r\nx\r\nHPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n',
    ['<<- [PUB a 1]', '<<- [HPUB a 12 13]', '<<- MSG_PAYLOAD: ["NATS/1.0"]'],
    { showsHeadersOnly: true },
  ],
  ['an error', 'SUB a..b 1\r\n', ['<<- [SUB a..b 1]', '->> [-ERR Invalid Subject]']],
];

for (const [name, input, lines, options] of CASES) {
  test(`a trace shows ${name}`, async () => {
    assert.equal(await traced(input, options), lines);
  });
}

const SECRETS: [json: string, shown: string][] = [
  ['{"user":"u","pass":"p"}', '{"user":"u","pass":"[REDACTED]"}'],
  ['{"pass": "a\\"b", "name":"n"}', '{"pass": "[REDACTED]", "name":"n"}'],
  ['{"auth_token":"t","jwt":"eyJ"}', '{"auth_token":"[REDACTED]","jwt":"[REDACTED]"}'],
  ['{"nkey":"U","sig":"s","proxy_sig":"x"}', '{"nkey":"[REDACTED]","sig":"[REDACTED]","proxy_sig":"[REDACTED]"}'],
  ['{"PASSWORD" : "p"}', '{"PASSWORD" : "[REDACTED]"}'],
  ['{"pass":12}', '{"pass":"[REDACTED]"}'],
  ['{"pass":"never closed', '{"pass":"[REDACTED]"'],
  ['{"p\\u0061ss":"p","name":"n"}', '{"pass":"[REDACTED]","name":"n"}'],
  ['{"p\\u0061ss":"p', '[REDACTED]'],
  ['{"name":"passport"}', '{"name":"passport"}'],
  ['{"jwt":"eyJhbGciOiJSUzI1NiJ9.e30.x","name":"n"}', '{"jwt":"[REDACTED]","name":"n"}'],
  ['{"JWT" : "a.b', '{"JWT" : "[REDACTED]"'],
  ['{"jw\\u0074":"eyJhbGciOiJSUzI1NiJ9.e30.x"}', '{"jwt":"[REDACTED]"}'],
];

for (const [json, shown] of SECRETS) {
  test(`${json} is shown as ${shown}`, () => {
    assert.is(withoutSecrets(json), shown);
  });
}

test.run();
