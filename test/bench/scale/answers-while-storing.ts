import { performance } from 'node:perf_hooks';
import { Latencies } from '../generator/latencies.ts';
import { latencyText } from '../units.ts';
import { type Figure, type FigureScript, figure } from './figure.ts';
import { StreamClient } from './stream-client.ts';
import { withStreamServer } from './stream-server.ts';

const P99_MICROS_MAX = 10_000;
/** So many messages are on their way to the stream. */
const WINDOW = 1000;
const SECONDS = 5;

/** How long requests of one client to another take while a third stores messages as fast as the server takes them. */
export const answersWhileStoring: FigureScript = {
  name: 'answers-while-storing',
  async run(server, isQuick) {
    const figures: Figure[] = [];
    for (const storage of ['memory', 'file']) {
      figures.push(
        await withStreamServer(server, async (running, client) => {
          await client.api('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage, max_msgs: 500_000 });
          const [responder, requester] = [await StreamClient.open(running), await StreamClient.open(running)];
          const latencies = await asked(client, responder, requester, isQuick ? 1 : SECONDS);
          responder.close();
          requester.close();
          const { p50Micros, p99Micros } = latencies.summary();
          const measured = `${latencyText(p50Micros)} median, ${latencyText(p99Micros)} p99`;
          const target = `p99 under ${latencyText(P99_MICROS_MAX)}`;
          return figure(`requests while storing, ${storage}`, measured, target, p99Micros < P99_MICROS_MAX);
        }),
      );
    }
    return figures;
  },
};

export async function asked(
  publisher: StreamClient,
  responder: StreamClient,
  requester: StreamClient,
  seconds: number,
): Promise<Latencies> {
  const latencies = new Latencies();
  const until = performance.now() + seconds * 1000;
  responder.answerRequests('ask');
  await responder.request('ask');
  const storing = keepStoring(publisher, until);
  while (performance.now() < until) {
    const startedAt = performance.now();
    await requester.request('ask', 'x'.repeat(16));
    latencies.add(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await storing;
  return latencies;
}

async function keepStoring(publisher: StreamClient, until: number): Promise<void> {
  const half = `PUB s.a 128\r\n${'x'.repeat(128)}\r\n`.repeat(WINDOW / 2 - 1);
  const last = (): Promise<string> => publisher.request('s.a', 'x'.repeat(128));
  publisher.write(half);
  let before = last();
  while (performance.now() < until) {
    publisher.write(half);
    const next = last();
    await before;
    before = next;
  }
  await before;
}
