/** A broker with message tracing, and clients that read the reports. */
import { gunzipSync } from 'node:zlib';
import type { BrokerOptions } from '../../../kernel/broker-options.ts';
import { PluginHost } from '../../../kernel/host/plugin-host.ts';
import { plugin } from '../../../plugins/message-trace/index.ts';
import { decodeStream } from '../../../protocols/s2/stream.ts';
import { BrokerBench, type TestWire } from '../../kits/broker-bench.ts';

export interface TraceReport {
  server: Record<string, unknown>;
  request: { header: Record<string, string[]>; msgsize: number };
  hops?: number;
  events: Record<string, unknown>[];
}

export async function traceBench(options: Partial<BrokerOptions> = {}) {
  const bench = new BrokerBench(options);
  const { broker, ports } = bench;
  const { hooks, log } = broker;
  const kernel = { ports, log, hooks, broker, options: broker.options };
  const host = new PluginHost({ plugins: [{ definition: plugin }], kernel });
  await host.start();
  return { bench, broker, host };
}

/** What a client sends; `lines` are the fields of the header. */
export function headed(subject: string, lines: readonly string[], body = 'hi', reply = ''): string {
  const header = `NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const to = reply === '' ? subject : `${subject} ${reply}`;
  return `HPUB ${to} ${header.length} ${header.length + body.length}\r\n${header}${body}\r\n`;
}

/** The one there is. */
export function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined || list.length > 1) throw new Error(`expected one, got ${list.length}`);
  return first;
}

const DECODERS: Record<string, (body: Buffer) => Buffer> = {
  identity: (body) => body,
  gzip: (body) => gunzipSync(body),
  snappy: (body) => decodeStream(body, { outputBytesMax: 1e8 }),
};

/** The reports a client got under the given subscription id. */
export function reportsOn(wire: TestWire, sid = '9'): TraceReport[] {
  return framesOn(wire, sid).map(({ header, body }) => {
    const encoding = /Content-Encoding: (\w+)/.exec(header)?.[1] ?? 'identity';
    return JSON.parse(DECODERS[encoding]!(body).toString()) as TraceReport;
  });
}

/** Header and body of every message with the subscription id. */
export function framesOn(wire: TestWire, sid: string): { header: string; body: Buffer }[] {
  const frames: { header: string; body: Buffer }[] = [];
  let rest = Buffer.concat(wire.received);
  while (rest.length > 0) {
    const lineEnd = rest.indexOf('\r\n');
    const words = rest.toString('latin1', 0, lineEnd).split(' ');
    const hasHeader = words[0] === 'HMSG';
    if (!hasHeader && words[0] !== 'MSG') {
      rest = rest.subarray(lineEnd + 2);
      continue;
    }
    const total = Number(words.at(-1));
    const headerLength = hasHeader ? Number(words.at(-2)) : 0;
    const start = lineEnd + 2;
    if (words[2] === sid) {
      const header = rest.toString('latin1', start, start + headerLength);
      frames.push({ header, body: rest.subarray(start + headerLength, start + total) });
    }
    rest = rest.subarray(start + total + 2);
  }
  return frames;
}
