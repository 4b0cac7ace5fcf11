/** The same messages to this broker and to a genuine one: the reports say the same, in the same order. */
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../../runner/skip.ts';
import { genuineTargets, gnatletTarget, type Target } from '../../wire/targets.ts';
import { headed } from './trace-bench.ts';

const TRACE = 'Nats-Trace-Dest: trace';
const ONLY = 'Nats-Trace-Only: 1';
const CONFIG = 'max_payload: 400\nmappings { old: new, "m.*": "n.{{wildcard(1)}}" }\n';
const PUBLISHER = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"echo":false,"name":"me"}\r\n';
const READER = 'CONNECT {"verbose":false,"headers":true}\r\nSUB trace 9\r\nSUB heard.> 1\r\nSUB heard.a q 2\r\n';

const MESSAGES = [
  headed('heard.a', [TRACE, 'Zeta: 1', 'Alpha:  <&> ', 'zeta: 2', 'Zeta: \xc3\xa9', 'Empty:']),
  headed('heard.a', [TRACE, ONLY]),
  headed('nobody', [TRACE, 'no colon', 'B: c'], 'hi', 'reply'),
  headed('mine', [TRACE]),
  headed('old', [TRACE]),
  headed('m.x', [TRACE, 'Nats-Trace-Hop: 1.2']),
  headed('x', [TRACE], 'hi', '_R_.x'),
  headed('$NRG.x', [TRACE]),
  headed('x', ['nats-trace-dest: trace']),
  headed('x', ['Nats-Trace-Dest: t.*']),
  headed('x', [TRACE, 'Nats-Trace-Origin-Account: X']),
  headed('x', [TRACE], 'too large'.repeat(50)),
];
const REPORTS = 9;

/** A client's side of a connection, and what came in on it. */
class Client {
  text = '';
  private readonly stream: Duplex;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
    });
    stream.on('error', () => {});
  }

  /** Sends, and waits for as many matches in what has come since the beginning. */
  async send(bytes: string, pattern: RegExp, count: number): Promise<string[]> {
    this.stream.write(Buffer.from(bytes, 'latin1'));
    for (;;) {
      const found = this.text.match(pattern) ?? [];
      if (found.length >= count) return found;
      await new Promise((resolve) => this.stream.once('data', resolve));
    }
  }

  end(): void {
    this.stream.destroy();
  }
}

async function reportsOf(target: Target): Promise<string[]> {
  const server = await target.start(CONFIG);
  const reader = new Client(await server.connect());
  const publisher = new Client(await server.connect());
  try {
    await reader.send(`${READER}PING\r\n`, /PONG/g, 1);
    await publisher.send(`${PUBLISHER}SUB mine 1\r\nPING\r\n`, /PONG/g, 1);
    publisher.send(MESSAGES.join(''), /Maximum Payload/g, 1).catch(() => {});
    const reports = await reader.send('', /^\{"server":.*\}\r$/gm, REPORTS);
    return reports.map(comparable);
  } finally {
    reader.end();
    publisher.end();
    await server.stop();
  }
}

/** Without what differs between any two servers; the order of keys stays. */
function comparable(report: string): string {
  const cids = [...new Set(report.match(/"cid":\d+/g))];
  return report
    .replace(/"cid":\d+/g, (cid) => `"cid":${cids.indexOf(cid)}`)
    .replace(/"(ts|time|ver|id|host)":"[^"]*"/g, '"$1":""')
    .replace(/"seq":\d+/, '"seq":0')
    .replace(/"server":\{"name":"[^"]*"/, '"server":{"name":""')
    .replace(/"feature_flags":\{[^}]*\},/, '');
}

const targets = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= 15);
if (targets.length === 0) skip('no nats-server 2.15 on PATH, and GNATLET_NATS_SERVER names none');
for (const target of targets) {
  test(`reports equal those of ${target.name} key by key`, async () => {
    const [ours, theirs] = [await reportsOf(gnatletTarget()), await reportsOf(target)];
    assert.is(ours.length, REPORTS);
    assert.equal(ours, theirs);
  });
}

test.run();
