import { performance } from 'node:perf_hooks';
import { processUsage } from '../generator/process-usage.ts';
import type { RunningServer } from '../running-server.ts';
import { cpuText, rateText } from '../units.ts';
import { type Figure, type FigureScript, information } from './figure.ts';
import type { StreamClient } from './stream-client.ts';
import { store, withStreamServer } from './stream-server.ts';

const PAYLOAD = 128;
const BATCH = 500;
/** It does not expire: what one gives up would be missing in the end. */
const PULL = JSON.stringify({ batch: BATCH });

/** How fast a stream is read by one client, in each of the ways there are. Others, named with `--servers`, take turns with it. */
export const readingStreams: FigureScript = {
  name: 'reading-streams',
  async run(server, isQuick) {
    const count = isQuick ? 50_000 : 200_000;
    const figures: Figure[] = [];
    for (const storage of ['memory', 'file']) {
      const found = await withStreamServer(server, (running, client) => readAll(running, client, storage, count));
      figures.push(...found);
    }
    return figures;
  },
};

type Reader = (running: RunningServer, client: StreamClient, count: number) => Promise<string>;

const WAYS: readonly [name: string, read: Reader][] = [
  ['pulled, 500 at a time, no acknowledgements', (running, client, count) => pull(running, client, count, false)],
  ['pulled, 500 at a time, each acknowledged', (running, client, count) => pull(running, client, count, true)],
  ['pushed, no acknowledgements', push],
];

async function readAll(
  running: RunningServer,
  client: StreamClient,
  storage: string,
  count: number,
): Promise<Figure[]> {
  await client.api('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage });
  await store(client, count, () => 's.a', PAYLOAD);
  const figures: Figure[] = [];
  for (const [name, read] of WAYS) {
    await read(running, client, count);
    figures.push(information(`${name}, ${storage}`, await read(running, client, count)));
  }
  return figures;
}

let consumers = 0;

async function pull(running: RunningServer, client: StreamClient, count: number, isAcked: boolean): Promise<string> {
  const name = `C${++consumers}`;
  const inbox = `in.${name}`;
  const ackPolicy = isAcked ? 'explicit' : 'none';
  const config = { name, durable_name: name, ack_policy: ackPolicy, max_ack_pending: 100_000 };
  await client.api(`CONSUMER.CREATE.S.${name}`, { stream_name: 'S', config });
  client.write(`SUB ${inbox} ${consumers}\r\n`);
  const request = `PUB $JS.API.CONSUMER.MSG.NEXT.S.${name} ${inbox} ${PULL.length}\r\n${PULL}\r\n`;
  const from = client.messages;
  let asked = 2 * BATCH;
  let out: string[] = [];
  if (isAcked) client.onMessage = (line) => void out.push(`PUB ${replyOf(line)} 4\r\n+ACK\r\n`);
  return measured(running, count, async () => {
    client.write(request + request);
    await client.until(() => {
      const got = client.messages - from;
      for (; asked - got <= BATCH && asked < count; asked += BATCH) out.push(request);
      if (out.length > 0) client.write(out.join(''));
      out = [];
      return got >= count;
    });
    client.onMessage = null;
  });
}

function replyOf(line: Buffer): string {
  const start = line.indexOf('$JS.ACK', 0, 'latin1');
  return line.toString('latin1', start, line.indexOf(' ', start, 'latin1'));
}

async function push(running: RunningServer, client: StreamClient, count: number): Promise<string> {
  const name = `C${++consumers}`;
  client.write(`SUB to.${name} ${consumers}\r\n`);
  const from = client.messages;
  return measured(running, count, async () => {
    const config = { name, deliver_subject: `to.${name}`, ack_policy: 'none' };
    await client.api(`CONSUMER.CREATE.S.${name}`, { stream_name: 'S', config });
    await client.until(() => client.messages - from >= count);
  });
}

async function measured({ pid }: RunningServer, count: number, work: () => Promise<void>): Promise<string> {
  const before = processUsage(pid);
  const startedAt = performance.now();
  await work();
  const rate = (count / (performance.now() - startedAt)) * 1000;
  const after = processUsage(pid);
  const cpu =
    before === null || after === null
      ? ''
      : `, ${cpuText(((after.cpuSeconds - before.cpuSeconds) * 1e6) / count)} CPU each`;
  return `${rateText(rate)}${cpu}`;
}
